// What a request may ask of the stand-in besides an answer: its pace and its faults. Written after the name of the model,
// `local-model:speed=50,stall=after:20:5000`, or the same in the header `x-local-model`, which wins.

/** The name that requests give. */
export const LOCAL_MODEL = 'local-model';
/** Later words, faults and longer answers than this are refused. */
const MAX_COUNT = 20_000;
const MAX_WAIT_MS = 600_000;
const MAX_TEXT = 2000;

export interface Settings {
  /** Words per second; `Infinity`: without waiting. */
  readonly speed: number;
  /** 0 to 1: how far the time of a word may be from the mean. */
  readonly jitter: number;
  /** The same seed gives the same times; null: taken from the request. */
  readonly seed: number | null;
  /** Waits so long before the first word. */
  readonly waitMs: number;
  /** Stands still after so many words. `Infinity` ms: until the client goes. */
  readonly stall: { readonly after: number; readonly ms: number } | null;
  /** Refuses with this status; the first `times` tries of the same request, `Infinity`: all. */
  readonly error: { readonly status: number; readonly times: number } | null;
  /** Of `Retry-After`, with an error. */
  readonly retryAfterSeconds: number;
  /** An error as an event of the stream, after so many words. */
  readonly fail: number | null;
  /** The connection breaks off after so many words. */
  readonly cut: number | null;
  readonly thinking: boolean;
  /** Called whatever the words of the user. */
  readonly tools: readonly string[];
  /** So many words, as far as the documents have them; null: what fits. */
  readonly words: number | null;
  /** Whether the first answer says that this is no language model. */
  readonly note: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  speed: 25,
  jitter: 0,
  seed: null,
  waitMs: 0,
  stall: null,
  error: null,
  retryAfterSeconds: 1,
  fail: null,
  cut: null,
  thinking: false,
  tools: [],
  words: null,
  note: true,
};

/** `message` is for whoever wrote the setting. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

type Reader = (value: string, before: Settings) => Partial<Settings>;

const READERS: Readonly<Record<string, Reader>> = {
  speed: (value) => ({ speed: value === 'max' ? Infinity : number('speed', value, 0.1, 10_000) }),
  jitter: (value) => ({ jitter: number('jitter', value, 0, 1) }),
  seed: (value) => ({ seed: whole('seed', value, 0, 4_294_967_295) }),
  wait: (value) => ({ waitMs: whole('wait', value, 0, MAX_WAIT_MS) }),
  stall: (value) => {
    const [after = '', ms] = afterOf('stall', value, 2);
    return {
      stall: {
        after: whole('stall', after, 0, MAX_COUNT),
        ms: ms === undefined ? Infinity : whole('stall', ms, 0, MAX_WAIT_MS),
      },
    };
  },
  error: (value) => {
    const [status = '', times, ...rest] = value.split(':');
    if (rest.length > 0) throw new SettingsError('error: write error=429 or error=429:2');
    return {
      error: {
        status: whole('error', status, 400, 599),
        times: times === undefined ? Infinity : whole('error', times, 1, 100),
      },
    };
  },
  'retry-after': (value) => ({ retryAfterSeconds: whole('retry-after', value, 0, 3600) }),
  fail: (value) => ({ fail: whole('fail', afterOf('fail', value, 1)[0] ?? '', 0, MAX_COUNT) }),
  cut: (value) => ({ cut: whole('cut', afterOf('cut', value, 1)[0] ?? '', 0, MAX_COUNT) }),
  thinking: (value) => ({ thinking: onOff('thinking', value) }),
  tool: (value, { tools }) => ({ tools: [...tools, value] }),
  words: (value) => ({ words: whole('words', value, 1, MAX_COUNT) }),
  note: (value) => ({ note: onOff('note', value) }),
};

/** Names of all settings, as they are written. */
export const SETTING_NAMES: readonly string[] = Object.keys(READERS);

/** Reads `name=value` pairs with commas between them over what is set already. @throws SettingsError */
export function readSettings(text: string, base: Settings = DEFAULT_SETTINGS): Settings {
  if (text.length > MAX_TEXT) throw new SettingsError(`settings: at most ${MAX_TEXT} characters`);
  let settings = { ...base };
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...value] = pair.split('=').map((part) => part.trim());
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    if (read === undefined) {
      throw new SettingsError(`there is no setting '${name}'; there are: ${SETTING_NAMES.join(', ')}`);
    }
    settings = { ...settings, ...read(value.join('='), settings) };
  }
  return settings;
}

/** The name of a model without its settings, and these. */
export function splitModel(model: string): { readonly name: string; readonly settings: string } {
  const at = model.indexOf(':');
  return at === -1
    ? { name: model, settings: '' }
    : { name: model.slice(0, at), settings: model.slice(at + 1) };
}

function number(name: string, text: string, min: number, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new SettingsError(`${name}: must be a number from ${min} to ${max}, not '${text}'`);
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = number(name, text, min, max);
  if (Number.isInteger(value)) return value;
  throw new SettingsError(`${name}: must be a whole number, not '${text}'`);
}

function onOff(name: string, text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new SettingsError(`${name}: must be on or off, not '${text}'`);
}

/** What stands after `after:`. */
function afterOf(name: string, text: string, most: number): string[] {
  const [after, ...rest] = text.split(':');
  if (after === 'after' && rest.length >= 1 && rest.length <= most) return rest;
  const form = most === 1 ? `${name}=after:20` : `${name}=after:20 or ${name}=after:20:5000`;
  throw new SettingsError(`${name}: write ${form}`);
}
