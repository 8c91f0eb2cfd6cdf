// `npm run bench [-- --only NAME --rounds N --json --profile FOLDER]`: every scenario against a fresh server process. Processor time is the
// server's own accounting; machines are noisy, so look at the median of several rounds, and at ratios within one run.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { percentile } from './load/pool.ts';
import type { Figures, OwnScenario, Scenario } from './scenario.ts';
import { aiAttach } from './scenarios/ai-attach.ts';
import { aiStreams } from './scenarios/ai-streams.ts';
import { appends } from './scenarios/appends.ts';
import { connections } from './scenarios/connections.ts';
import { fanOut } from './scenarios/fan-out.ts';
import { history } from './scenarios/history.ts';
import { publish } from './scenarios/publish.ts';
import { pushPublish } from './scenarios/push-publish.ts';
import { resume } from './scenarios/resume.ts';
import { Subject } from './subject.ts';

/** Clients that missed 50 messages each, a moment ago. */
const COMING_BACK = { clients: 500, missed: 50, awayMs: 0 } as const;

const HISTORY = { channels: 20, messagesEach: 600, pages: 10_000, connections: 16 } as const;

/** As fast as people read, and more streams than one server is asked for on most days. */
const ANSWERS = {
  streams: 50,
  watchers: 2,
  ratePerSecond: 50,
  appendsEach: 100,
  messagesEach: 5,
  spreadMs: 2000,
};
const CROWD = { ...ANSWERS, streams: 200, appendsEach: 500, messagesEach: 2, spreadMs: 20 };

const SCENARIOS: readonly (Scenario | OwnScenario)[] = [
  {
    name: 'fan-out-paced',
    goal: '≤ 5.2 µs, p99 ≤ 8 ms (Sockudo 5.0.1: 13-15 µs, 16 ms)',
    heldAgainstFloor: ['CPU µs / delivered message'],
    run: (subject) =>
      fanOut(subject, { app: 'plain', protocol: 1, subscribers: 1000, events: 250, ratePerSecond: 50 }),
  },
  {
    name: 'fan-out-burst',
    goal: '≤ 2 µs (Sockudo 5.0.1: 6.5-10.4 µs)',
    run: (subject) =>
      fanOut(subject, { app: 'plain', protocol: 1, subscribers: 1000, events: 1000, ratePerSecond: 0 }),
  },
  {
    name: 'fan-out-paced-durable',
    goal: '≤ 5.2 µs on a durable channel, protocol 2',
    run: (subject) =>
      fanOut(subject, { app: 'durable', protocol: 2, subscribers: 1000, events: 250, ratePerSecond: 50 }),
  },
  {
    name: 'publish-plain',
    goal: '≤ 25 µs (Sockudo 5.0.1: 100-139 µs)',
    run: (subject) => publish(subject, { app: 'plain', events: 60_000, connections: 16, pipeline: 1 }),
  },
  {
    name: 'publish-durable',
    goal: '≥ 10,000 / s with fsync',
    run: (subject) => publish(subject, { app: 'durable', events: 60_000, connections: 64, pipeline: 4 }),
  },
  {
    name: 'appends-single',
    goal: '≥ 10,000 / s durable, ≤ 45 µs (Sockudo 5.0.1 in memory: 256-362 µs)',
    run: (subject) => appends(subject, { how: 'single', messages: 64, appendsEach: 800, unanswered: 4 }),
  },
  {
    name: 'appends-streamed',
    goal: '≥ 40,000 / s durable, ≤ 12 µs',
    run: (subject) => appends(subject, { how: 'streamed', messages: 64, appendsEach: 4000, unanswered: 256 }),
  },
  {
    name: 'history-newest',
    goal: '≥ 5,000 pages / s',
    run: (subject) => history(subject, { ...HISTORY, which: 'newest' }),
  },
  {
    name: 'history-anywhere',
    goal: '≥ 5,000 pages / s',
    run: (subject) => history(subject, { ...HISTORY, which: 'anywhere' }),
  },
  {
    name: 'connections',
    goal: '≤ 120 µs (159 µs), ≤ 12 KiB (174 KiB)',
    heldAgainstFloor: ['CPU µs / connect + subscribe', 'KiB / idle connection'],
    run: (subject) => connections(subject, 8000),
  },
  {
    name: 'resume-hot',
    goal: '≤ 5 µs, p99 ≤ 80 ms, 100 at a time (Sockudo 5.0.1: 20 µs, 285 ms)',
    run: (subject) => resume(subject, { ...COMING_BACK, app: 'durable', parallel: 100 }),
  },
  {
    name: 'resume-hot-at-once',
    goal: 'all back within 1 s',
    run: (subject) => resume(subject, { ...COMING_BACK, app: 'durable', parallel: COMING_BACK.clients }),
  },
  {
    name: 'resume-cold',
    goal: '≤ 5 µs, p99 ≤ 80 ms from the log, 100 at a time',
    run: (subject) => resume(subject, { ...COMING_BACK, app: 'forgetful', parallel: 100, awayMs: 1500 }),
  },
  {
    name: 'ai-streams-single',
    goal: '≤ 45 µs, added ≤ 3 / 25 ms, first ≤ 10 ms (Sockudo 5.0.1 in memory: 256-362 µs, 4-6 / 25-30 ms)',
    withAi: true,
    heldAgainstFloor: ['CPU µs / append', 'added latency p50 ms', 'added latency p99 ms'],
    run: (subject) => aiStreams(subject, { ...ANSWERS, how: 'single' }),
  },
  {
    name: 'ai-streams-streamed',
    goal: '≤ 12 µs, added ≤ 3 / 25 ms, first ≤ 10 ms',
    withAi: true,
    heldAgainstFloor: ['CPU µs / append', 'added latency p50 ms', 'added latency p99 ms'],
    run: (subject) => aiStreams(subject, { ...ANSWERS, how: 'streamed' }),
  },
  {
    name: 'ai-sustained-single',
    goal: '10,000 appends / s for 20 s, on one core',
    withAi: true,
    run: (subject) => aiStreams(subject, { ...CROWD, how: 'single' }),
  },
  {
    name: 'ai-sustained-streamed',
    goal: '10,000 appends / s for 20 s, on one core',
    withAi: true,
    run: (subject) => aiStreams(subject, { ...CROWD, how: 'streamed' }),
  },
  {
    name: 'ai-attach',
    goal: 'a session of 1,000 messages: ≤ 50 ms',
    withAi: true,
    run: (subject) => aiAttach(subject, { runs: 250, visits: 200 }),
  },
  {
    name: 'push-publish',
    goal: 'to 100,000 browsers: ≥ 2,000 sends / s on one core, < 200 MiB',
    runAlone: (profileTo) => pushPublish({ devices: 100_000, profileTo }),
  },
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '1' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (!values.json) console.log(`node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim()}`);

for (const scenario of chosen) {
  const rounds: Figures[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    if ('runAlone' in scenario) {
      rounds.push(await scenario.runAlone(values.profile));
      continue;
    }
    const figures = await measure(scenario, 'server');
    const floor = scenario.heldAgainstFloor === undefined ? {} : await measure(scenario, 'floor');
    rounds.push({ ...figures, ...ratios(figures, floor, scenario.heldAgainstFloor ?? []) });
  }
  report(scenario, rounds);
}

async function measure(scenario: Scenario, kind: 'server' | 'floor'): Promise<Figures> {
  const subject = await Subject.start(kind, { withAi: scenario.withAi, profileTo: values.profile });
  const figures = await scenario.run(subject);
  await subject.stop();
  return figures;
}

function ratios(figures: Figures, floor: Figures, names: readonly string[]): Figures {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`bare server: ${name}`, floor[name] ?? Number.NaN],
      [`ratio of ${name}`, (figures[name] ?? Number.NaN) / (floor[name] ?? Number.NaN)],
    ]),
  );
}

function report({ name, goal }: Scenario | OwnScenario, rounds: readonly Figures[]): void {
  if (values.json) {
    console.log(JSON.stringify({ scenario: name, goal, rounds }));
    return;
  }
  console.log(`\n${name}   goal: ${goal}`);
  for (const figure of Object.keys(rounds[0] ?? {})) {
    const all = rounds.map((round) => round[figure] ?? Number.NaN);
    const spread = all.length === 1 ? '' : `   (${format(Math.min(...all))} … ${format(Math.max(...all))})`;
    console.log(`  ${figure.padEnd(44)} ${format(percentile(all, 0.5))}${spread}`);
  }
}

function format(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}
