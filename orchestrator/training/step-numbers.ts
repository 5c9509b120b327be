/** How a number of a step is read: a share and seconds are shown as such. */
type Kind = 'number' | 'share' | 'tokens' | 'seconds';

export interface StepNumber {
  readonly name: string;
  readonly kind: Kind;
  readonly meaning: string;
}

const number = (name: string, meaning: string, kind: Kind = 'number'): StepNumber => ({ name, kind, meaning });
const share = (name: string, meaning: string) => number(name, meaning, 'share');
const seconds = (name: string, meaning: string) => number(name, meaning, 'seconds');

/**
 * What is recorded of every optimiser step. Numbers of rollouts stand at the first step of a round, whose rollouts all of
 * its steps take. docs/training.md has this list as a table.
 */
export const stepNumbers: readonly StepNumber[] = [
  number('reward_mean', 'mean reward of the rollouts'),
  number('reward_std', 'standard deviation of the rewards'),
  number('first_reward', 'mean task reward R(a1) of the first answer, unweighted'),
  number('second_reward', 'mean task reward R(a2) of the answer after thinking, unweighted'),
  share('first_correct', 'first answers that are right'),
  share('second_correct', 'answers after thinking that are right'),
  share('format_rate', 'completions with the exact layout of the mode'),
  share('fallback_rate', 'first answers that are the fallback sentence'),
  share('bonus_rate', 'rollouts that earned the fallback bonus α'),
  share('both_fallback', 'rollouts whose two answers are both the fallback sentence: nothing was answered'),
  share('direct_rate', 'replies that did not think (adapt-think only; half are made to)'),
  share('direct_correct', 'of these, answers that are right'),
  share('think_correct', 'of the replies that thought, answers that are right (adapt-think only)'),
  share('empty_think', 'think blocks with nothing in them'),
  number('think_tokens', 'mean tokens of the think block (engine only)', 'tokens'),
  number('completion_tokens', 'mean tokens of a completion', 'tokens'),
  number('confidence', 'mean confidence of the first answers (engine only)'),
  share('truncated', 'completions cut at train.maxCompletionTokens'),
  share('zero_variance', 'groups without difference, all of whose rewards are equal: they teach nothing'),
  number('ungraded', 'rollouts without a reward: the grader failed, or the engine made none'),
  number('stored_rollouts', 'rollouts of the round that the store has; only where train.storedRollouts left some out'),
  number('made_rollouts', 'rollouts of the round that there were, replaced ones included; only beside the former'),
  number('loss', 'loss of the step'),
  number('grad_norm', 'norm of the gradient before clipping'),
  number('learning_rate', 'learning rate of the step'),
  number('kl', 'mean KL divergence from the reference a token'),
  number('entropy', 'mean entropy of the policy a token, nats'),
  share('clip_ratio', 'tokens whose ratio was clipped'),
  number(
    'logp_gap_mean',
    "mean difference between the engine's and the trainer's log-probability of a token (engine only)",
  ),
  number('logp_gap_max', 'largest such difference, held against train.parityTolerance'),
  number('importance_ratio_min', "smallest ratio of trainer's to engine's probability that corrects for it"),
  number('importance_ratio_mean', 'mean such ratio'),
  number('importance_ratio_max', 'largest such ratio'),
  seconds('seconds', 'the whole step'),
  seconds('generate_seconds', 'waiting for rollouts, hand-over of the weights and its check included'),
  seconds('reward_seconds', 'waiting for rewards, what was graded during generation excluded'),
  seconds('score_seconds', "log-probabilities of the old policy and the reference, and the round's other preparation"),
  seconds('forward_seconds', 'the loss'),
  seconds('backward_seconds', 'its gradients'),
  seconds('other_seconds', 'optimiser and records'),
  number('tokens_per_second', 'generated tokens of a round over the seconds of its steps; at its last step', 'tokens'),
];
