import type { Prompt, Verdict } from '../records/index.js';
import type { TraceSample } from './data.js';
import { type Markup, markup } from './markup.js';
import { thresholdText } from './numbers.js';

/** A completion may be a megabyte long; the page shows its beginning and its end. */
const SHOWN = 6000;

/** One rollout: frames, question, completion with its answers marked, gate, verdicts, reward. */
export function traceSection(sample: TraceSample, threshold: number): Markup {
  const { title, benchmark, prompt, frames } = sample;
  return markup`<article class="trace"><h3>${title}</h3><p class="note">${benchmark} · ${prompt.problemType} · ${prompt.id}</p>${strip(frames)}<p class="question">${prompt.question}</p>${options(
    prompt,
  )}<pre>${completion(sample)}</pre><dl class="facts"><dt>Gold answer</dt><dd>${goldText(prompt)}</dd>${sample.chosen ? choice(sample) : twoAnswers(sample, threshold)}<dt>Reward</dt><dd>${reward(sample)}</dd></dl></article>`;
}

function twoAnswers(sample: TraceSample, threshold: number): Markup {
  const { trace, verdicts } = sample;
  return markup`<dt>First answer</dt><dd>${answer(trace.first?.text, verdicts.first)}${
    trace.fallback && markup`<span class="chip">fallback</span>`
  }</dd><dt>Second answer</dt><dd>${answer(trace.second?.text, verdicts.second)}</dd><dt>Gate</dt><dd>${gate(sample, threshold)}</dd>`;
}

function choice({ trace, verdicts, exits }: TraceSample): Markup {
  const chose = `${exits ? 'answers at once' : 'thinks'}: ${trace.tokens.total} tokens`;
  return markup`<dt>Answer</dt><dd>${answer(trace.second?.text, verdicts.second)}</dd><dt>Choice</dt><dd>${chose}</dd>`;
}

function strip(frames: readonly string[]): Markup {
  // Anything but an image that the page itself carries would be a request to somewhere.
  const images = frames.filter((frame) => /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$/.test(frame));
  if (images.length === 0) return markup``;
  const items = images.map(
    (frame, index) => markup`<li><img src="${frame}" alt="frame ${index + 1} of ${images.length}"></li>`,
  );
  return markup`<ul class="frames">${items}</ul>`;
}

function options(prompt: Prompt): Markup {
  if (prompt.options === undefined) return markup``;
  const items = prompt.options.map((option, index) => {
    const letter = String.fromCharCode(65 + index);
    const gold = letter === prompt.answer;
    return markup`<li class="${gold ? 'gold' : ''}">${letter}. ${option}${gold && ' ✓'}</li>`;
  });
  return markup`<ul class="options ui">${items}</ul>`;
}

export function goldText(prompt: Prompt): string {
  const spans = (prompt.spans ?? []).map(([start, end]) => `[${start}, ${end}] s`);
  return [prompt.answer, ...spans].filter((text) => text !== '').join(' ');
}

function completion({ text, trace }: TraceSample): Markup {
  const boxes = [trace.first, trace.second].filter((box) => box !== null);
  let last = 0;
  const parts = boxes.flatMap((box) => {
    if (box.charStart < last) return [];
    const before = text.slice(last, box.charStart);
    last = box.charEnd;
    return [markup`${shorten(before)}<mark>${shorten(text.slice(box.charStart, box.charEnd))}</mark>`];
  });
  return markup`${parts}${shorten(text.slice(last))}`;
}

export function shorten(text: string): string {
  if (text.length <= SHOWN) return text;
  const left = text.length - SHOWN;
  return `${text.slice(0, SHOWN / 2)}\n… ${left} characters left out …\n${text.slice(-SHOWN / 2)}`;
}

function answer(text: string | undefined, verdict: Verdict | null): Markup {
  if (text === undefined) return markup`none<span class="chip down">wrong</span>`;
  return markup`<bdi>${shorten(text)}</bdi>${chip(verdict)}`;
}

function chip(verdict: Verdict | null): Markup {
  if (verdict === null) return markup``;
  if (verdict.correct === null) return markup`<span class="chip">${verdict.state}</span>`;
  const graded = verdict.correct
    ? markup`<span class="chip up">right</span>`
    : markup`<span class="chip down">wrong</span>`;
  const partial = verdict.value !== null && verdict.value !== Number(verdict.correct);
  return markup`${graded}${partial && markup`<span class="ci">value ${verdict.value?.toFixed(2)}</span>`}`;
}

/** In words, and as a bar with a tick at the threshold. */
function gate({ trace, exits }: TraceSample, threshold: number): Markup {
  const { confidence, tokens } = trace;
  if (confidence === null) return markup`no confidence, so it thinks: ${tokens.total} tokens`;
  const decision = exits
    ? `${thresholdText(confidence)} ≥ ${thresholdText(threshold)}: stops after ${tokens.first} of ${tokens.total} tokens`
    : `${thresholdText(confidence)} < ${thresholdText(threshold)}: thinks, ${tokens.total} tokens`;
  const tick = Math.min(1, threshold) * 200;
  return markup`${decision}<svg class="gate" viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true"><rect class="ground" y="4" width="200" height="6" rx="3"/><rect class="level" y="4" width="${(confidence * 200).toFixed(1)}" height="6" rx="3"/><line class="tau" x1="${tick.toFixed(1)}" x2="${tick.toFixed(1)}" y1="0" y2="14"/></svg>`;
}

function reward({ reward: parts, chosen }: TraceSample): Markup {
  if (parts === null) return markup`none: the grader gave no verdict`;
  const { first, second, format, fallback, direct = 0, total } = parts;
  if (chosen)
    return markup`${total.toFixed(2)} <span class="ci">answer ${second.toFixed(2)}, format ${format}${direct > 0 && `, bonus for not thinking ${direct}`}</span>`;
  const bonus = fallback > 0 ? `, fallback bonus ${fallback}` : '';
  return markup`${total.toFixed(2)} <span class="ci">first ${first.toFixed(2)}, second ${second.toFixed(2)}, format ${format}${bonus}</span>`;
}
