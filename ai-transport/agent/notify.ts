/**
 * Tells the owner of a run by push that it has ended or waits for them, where they look at nothing: around a worker's handler. Nothing
 * here holds an answer up or makes a run fail. Must not know: how pushes are sent, what answers lead to.
 */
import { createHash } from 'node:crypto';
import type { Sockudo } from 'sockudo';
import type { AnswerQuestion } from './answer-tokens.ts';
import type { Run } from './run.ts';
import { isFinal, type RunContext, type RunHandler } from './work.ts';

/** A call that waits for the owner. */
export interface NotifiedCall {
  readonly toolCallId: string;
  readonly toolName: string;
  /** Text of the arguments, to the byte. */
  readonly arguments: string;
}

export type NotifiedKind = 'complete' | 'error' | 'waiting';

export interface NotifyFacts {
  readonly kind: NotifiedKind;
  readonly run: Run;
  readonly context: RunContext;
  /** What the handler came to; of an `error` what it threw. */
  readonly result: unknown;
  readonly calls: readonly NotifiedCall[];
}

export interface NotifyTexts {
  readonly title: string;
  readonly body?: string | undefined;
}

export type Decision = 'approve' | 'deny';

export interface NotifyAwayOptions {
  readonly sockudo: Pick<Sockudo, 'publishPush'>;
  /** Page that a click opens: a whole address, as Safari wants it. */
  readonly url: (run: Run, context: RunContext) => string;
  /** Whoever is seen again by then is not told, 0 to 600000 milliseconds. Default 20000. */
  readonly afterMs?: number | undefined;
  /** Default: a sentence in English, with the beginning of the answer, or the arguments. Null: nobody is told. */
  readonly texts?: ((facts: NotifyFacts) => NotifyTexts | null) | undefined;
  /** Calls of a suspended run that wait for its owner. Default: none are known, the notification has no buttons. */
  readonly waiting?:
    | ((run: Run, context: RunContext) => Promise<readonly NotifiedCall[]> | readonly NotifiedCall[])
    | undefined;
  /**
   * Where a button posts its answer, with a token of `AnswerTokens.make`; a text is a page to open instead. Buttons are there where one
   * call waits whose arguments can be read whole beside them.
   */
  readonly answerUrl?:
    | ((
        question: AnswerQuestion,
        decision: Decision,
      ) => string | { readonly url: string; readonly token: string })
    | undefined;
  /** Words of the buttons. Default: Approve, Deny. */
  readonly buttons?: Readonly<Record<Decision, string>> | undefined;
  /** Of the worker: after so many attempts an error is the end. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** Default: writes to the console. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const AFTER_MS = 20_000;
const TITLE_MAX = 100;
const BODY_MAX = 300;
/** A notification that nobody fetched for a day is not news any more. */
const LIFETIME_MS = 24 * 60 * 60 * 1000;
const BUTTONS = { approve: 'Approve', deny: 'Deny' };
const DECISIONS: readonly Decision[] = ['approve', 'deny'];

/** A handler for `createWorker` that does what the given one does, and tells the owner. */
export function notifyAway(handle: RunHandler, options: NotifyAwayOptions): RunHandler {
  const report = quietly(options.onError ?? complain);
  const tell = (kind: NotifiedKind, run: Run, context: RunContext, result: unknown): Promise<void> =>
    publish(kind, run, context, result, options).catch(report);
  return async (run, context) => {
    let result: unknown;
    try {
      result = await handle(run, context);
    } catch (error) {
      const isEnd = !run.signal.aborted && isFinal(error, context.attempt, options.maxAttempts ?? 3);
      // Not waited for: the run ends at once, the push waits anyway.
      if (isEnd) void tell('error', run, context, error);
      throw error;
    }
    if (run.signal.aborted) return result;
    // Whoever comes because of the notification finds the answer finished. Where that fails the worker tries again.
    if (run.state === 'running') await run.end().catch(report);
    if (run.state === 'lost') return result;
    await tell(run.state === 'suspended' ? 'waiting' : 'complete', run, context, result);
    return result;
  };
}

/** Under which the notifications of a run replace each other, and are read: at most 32 characters, as push services want topics. */
export const collapseKeyOfRun = (runId: string): string =>
  /^[A-Za-z0-9_-]{1,32}$/.test(runId) ? runId : hashOf(runId);

async function publish(
  kind: NotifiedKind,
  run: Run,
  context: RunContext,
  result: unknown,
  options: NotifyAwayOptions,
): Promise<void> {
  const { record } = context;
  const clientId = record.clientId ?? record.input?.clientId;
  if (clientId === undefined) return;
  const calls = kind === 'waiting' ? ((await options.waiting?.(run, context)) ?? []) : [];
  const { texts = standardTexts } = options;
  const words = texts({ kind, run, context, result, calls });
  if (words === null) return;
  const { channel, runId } = run;
  const afterMs = options.afterMs ?? AFTER_MS;
  const actions = actionsOf(calls, { channel, runId, userId: clientId }, options);
  await options.sockudo.publishPush({
    // The same in every attempt at one input: told once.
    publishId: hashOf(JSON.stringify([channel, runId, record.input?.serial, kind])),
    recipients: [{ type: 'client', clientId }],
    payload: {
      title: plain(words.title, TITLE_MAX),
      ...(words.body !== undefined && words.body !== '' && { body: plain(words.body, BODY_MAX) }),
      collapseKey: collapseKeyOfRun(runId),
      templateData: {
        url: options.url(run, context),
        runId,
        channel,
        ...(actions.length > 0 && { actions }),
      },
    },
    away: { afterMs },
    expiresAtMs: Date.now() + afterMs + LIFETIME_MS,
  });
}

/** Nobody approves what they can't read. */
function actionsOf(
  calls: readonly NotifiedCall[],
  asked: Pick<AnswerQuestion, 'channel' | 'runId' | 'userId'>,
  { answerUrl, buttons = BUTTONS }: NotifyAwayOptions,
): readonly object[] {
  const [call] = calls;
  if (call === undefined || calls.length > 1 || answerUrl === undefined) return [];
  if (call.arguments.length > BODY_MAX) return [];
  const question = { ...asked, toolCallId: call.toolCallId, arguments: call.arguments };
  return DECISIONS.map((decision) => {
    const target = answerUrl(question, decision);
    const where =
      typeof target === 'string' ? { navigate: target } : { url: target.url, token: target.token };
    return { action: decision, title: buttons[decision], ...where };
  });
}

function standardTexts({ kind, result, calls }: NotifyFacts): NotifyTexts {
  if (kind === 'error') return { title: 'Your answer could not be finished' };
  if (kind === 'complete') return { title: 'Your answer is ready', body: textOf(result) };
  const [call] = calls;
  if (call === undefined || calls.length > 1) return { title: 'Your answer waits for you' };
  return { title: `May I use ${call.toolName}?`, body: call.arguments };
}

/** As `runTools` and `pipe` have it. */
function textOf(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('text' in result)) return undefined;
  return typeof result.text === 'string' ? result.text : undefined;
}

/** What a model says is no template: braces that would be one are moved apart. */
function plain(text: string, max: number): string {
  const cut = text.length <= max ? text : `${text.slice(0, max - 1).trimEnd()}…`;
  return cut.toWellFormed().replaceAll('{{', '{ {');
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 32);

const quietly =
  (onError: (error: unknown) => void) =>
  (error: unknown): void => {
    try {
      onError(error);
    } catch {
      // Nobody is left to hear of it.
    }
  };

function complain(error: unknown): void {
  console.error('notifyAway:', error);
}
