import type { Figure } from './chart.js';
import type { ReportData } from './data.js';
import { calibrationFigure, filterFigure, frontierFigure, rewardFigure } from './figures.js';
import { percent, thresholdText } from './numbers.js';

export interface NamedFigure {
  /** Name of the file without `.svg`, and of the element in the page. */
  readonly name: string;
  readonly figure: Figure;
  /** Heading above the figure in the page. */
  readonly heading: string;
  readonly caption: string;
}

/** All figures of a report, in the order of reading. */
export function figuresOf(data: ReportData): NamedFigure[] {
  return listFigures(data).map((item) => ({ heading: item.figure.title, ...item }));
}

type Listed = Omit<NamedFigure, 'heading'> & Partial<Pick<NamedFigure, 'heading'>>;

function listFigures(data: ReportData): Listed[] {
  const { frontiers, training, filter, threshold } = data;
  const figures: Listed[] = [];
  const [pooled, ...each] = frontiers;
  if (pooled) {
    const caption = `Every threshold at once, from ${pooled.n} recorded answers${pooled.bands.length > 1 ? '; shaded, the 95% interval of the accuracy, drawn over videos' : ''}. The circle is the threshold τ = ${thresholdText(threshold)}.`;
    figures.push({ name: 'frontier', figure: frontierFigure(pooled), caption });
  }
  if (training) {
    const caption = `From ${training.rewardFirst.toFixed(2)} over the first fifth of the steps to ${training.rewardLast.toFixed(2)} over the last.`;
    figures.push({ name: 'reward', figure: rewardFigure(training), caption });
  }
  if (filter) {
    const undecided = filter.unknown > 0 ? `, ${filter.unknown} undecided` : '';
    const early = `; decided at the first right and wrong rollout, which saved ${filter.saved} rollouts`;
    figures.push({
      name: 'filter',
      figure: filterFigure(filter),
      caption: `${filter.keep} prompts kept, ${filter.drop} dropped${undecided}${filter.saved > 0 ? early : ''}.`,
    });
  }
  if (pooled?.calibration) {
    const { ece, auroc, scaling } = pooled.calibration;
    const caption = `Expected calibration error ${ece.toFixed(3)}${auroc === null ? '' : `; a right first answer is surer than a wrong one in ${percent(auroc, 0)} of pairs (AUROC)`}.${scaling === null ? '' : ` Temperature scaling with T = ${scaling.temperature.toFixed(2)} would change the error from ${scaling.eceBefore.toFixed(3)} to ${scaling.eceAfter.toFixed(3)} on ${scaling.n} held-out answers.`}`;
    figures.push({ name: 'calibration', figure: calibrationFigure(pooled.calibration), caption });
  }
  for (const frontier of each) {
    const name = `frontier-${fileName(frontier.benchmark ?? 'all')}`;
    const caption = frontier.chosen
      ? `${frontier.n} questions. Chosen for this benchmark alone: τ = ${thresholdText(frontier.chosen.threshold)}.`
      : `${frontier.n} questions.`;
    figures.push({ name, figure: frontierFigure(frontier), heading: frontier.benchmark ?? 'all', caption });
  }
  return figures;
}

/** A benchmark's name as a part of a file name. */
function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^\.+/, '');
}
