// What the page makes of a run and its messages, and what it says about it.
import type { MessagePart, SessionMessage, SessionRun } from '@sockudo/ai-transport';
import { describe, expect, it } from 'vitest';
import { jobView } from './job-view.ts';
import { factsOf, notesOf, stateOf } from './words.ts';

const run = (changes: Partial<SessionRun> = {}): SessionRun => ({
  id: 'r1',
  status: 'running',
  isCancelRequested: false,
  workerId: 'worker-1:7',
  generation: 1,
  messageIds: [],
  steps: [],
  ...changes,
});

const part = (stepId: string, type: string, text: string, more: Partial<MessagePart> = {}): MessagePart => ({
  id: `${stepId} ${type} ${text}`,
  text,
  isInput: false,
  stepId,
  codec: { type },
  transport: {},
  ...more,
});

const said = (...parts: MessagePart[]): SessionMessage[] => [
  { id: 'm', runId: 'r1', role: 'assistant', status: 'complete', parts },
];

const REQUEST = part('', '', '{"folder":"docs","documents":2}', { isInput: true, codec: {} });
const PLAN = part(
  'plan',
  'data-plan',
  '{"folder":"docs","documents":[{"path":"docs/a.md","bytes":1},{"path":"docs/b.md","bytes":2}]}',
);
const SECOND = {
  id: 'document-2',
  status: 'active',
  attempts: 2,
} as const;
const STEPS = [{ id: 'document-1', status: 'complete', attempts: 1 } as const, SECOND];
const OUTPUTS = [
  part('document-1', 'text-end', 'All of a.', { status: 'complete' }),
  part('document-2', 'tool-input-start', '{"pa', {
    codec: { type: 'tool-input-start', 'tool-name': 'read_file' },
  }),
  part('document-2', 'tool-output-available', '{"path":"docs/b.md","characters":2}'),
  part('document-2', 'text-start', 'Half of', { status: 'streaming' }),
];
const ATTEMPTS = [
  part('attempt-1', 'data-attempt', '{"worker":"worker-1:7","generation":1,"replaces":null,"again":null}'),
  part(
    'attempt-2',
    'data-attempt',
    '{"worker":"worker-2:8","generation":2,"replaces":"worker-1:7","again":"document-2"}',
  ),
];

describe('jobView', () => {
  it('knows the folder before a worker has looked into it', () => {
    const queued = run({ status: 'queued', generation: 0 });
    expect(jobView(queued, said(REQUEST))).toMatchObject({ folder: 'docs', steps: [], isWhole: true });
    expect(jobView(queued, [])).toMatchObject({ folder: '…', isWhole: false });
    const strange = said(part('', '', 'null', { isInput: true, codec: {} }));
    expect(jobView(queued, strange).folder).toBe('…');
  });

  it('shows each step with its tool and its text', () => {
    const job = jobView(run({ steps: STEPS }), said(REQUEST, PLAN, ...OUTPUTS));
    expect(job.done).toBe(1);
    expect(job.steps).toMatchObject([
      { title: 'docs/a.md', state: 'done', text: 'All of a.', isWriting: false, tool: null },
      {
        title: 'docs/b.md',
        state: 'working',
        attempts: 2,
        text: 'Half of',
        isWriting: true,
        tool: { name: 'read_file', arguments: '{"pa', result: { characters: 2 } },
      },
      { id: 'overall', state: 'waiting', text: '' },
    ]);
  });

  it.each([
    ['queued', 'waiting'],
    ['cancelled', 'stopped'],
    ['lost', 'stopped'],
  ] as const)('writes nothing in a run that is %s', (status, state) => {
    const { steps } = jobView(run({ status, steps: STEPS }), said(REQUEST, PLAN, ...OUTPUTS));
    expect(steps[1]).toMatchObject({ state, isWriting: false, text: 'Half of' });
  });
});

describe('words', () => {
  it('say who took over from whom, and what is done again', () => {
    const job = jobView(
      run({ steps: STEPS, generation: 2, workerId: 'worker-2:8' }),
      said(REQUEST, PLAN, ...OUTPUTS, ...ATTEMPTS),
    );
    expect(notesOf(job).map(({ text }) => text)).toEqual([
      'worker-1:7 is gone. worker-2:8 took over as generation 2 and began “docs/b.md” again.',
    ]);
    expect(factsOf(job)).toBe('Step 2 of 3 · with worker-2:8 · generation 2');
  });

  it('say that nobody works on it', () => {
    const { workerId: _, ...waiting } = run({ status: 'queued', steps: STEPS });
    const job = jobView(waiting, said(REQUEST, PLAN, ...OUTPUTS, ...ATTEMPTS.slice(0, 1)));
    expect(stateOf(job.run)).toBe('Waiting for another worker');
    expect(factsOf(job)).toBe('Step 2 of 3 · no worker has it · generation 1');
    expect(notesOf(job).map(({ text }) => text)).toEqual([
      'worker-1:7 is gone. The run waits for another worker; finished steps are kept.',
    ]);
  });

  it('say why it failed', () => {
    const failed = run({ status: 'error', error: { code: 'empty_folder', message: 'There is nothing.' } });
    expect(notesOf(jobView(failed, said(REQUEST)))).toEqual([
      { text: 'The run ended with an error: There is nothing.', isBad: true },
    ]);
  });
});
