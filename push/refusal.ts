// Refusals of push in the usual envelope, and the checks of texts that every part of it shares.
import { httpError, type ProtocolError, utf8Length } from '@sockudo/protocol';
import type { z } from 'zod';

/** 400 `invalid_input`. */
export const invalid = (text: string): ProtocolError => httpError('invalid_input', text);

/** Longest ids, in bytes as they stand in a key of the store: several of them make one. */
export const MAX_ID_BYTES = 128;
export const MAX_CHANNEL_BYTES = 200;

/** @throws ProtocolError 400 for what is empty or too long */
export function requireId(name: string, value: string, maxBytes: number = MAX_ID_BYTES): void {
  if (value === '') throw invalid(`${name} must not be empty`);
  // Two characters are escaped in keys, each to three.
  const escaped = value.replaceAll(/[/%\0]/g, '%00');
  if (utf8Length(escaped) > maxBytes) throw invalid(`${name} exceeds ${maxBytes} bytes`);
  if (!value.isWellFormed()) throw invalid(`${name} is not valid Unicode`);
}

/** @throws ProtocolError 400 `NAME exceeds N bytes` */
export function requireBytes(name: string, value: string, maxBytes: number): void {
  if (utf8Length(value) > maxBytes) throw invalid(`${name} exceeds ${maxBytes} bytes`);
}

/** As above for any JSON, by the length of its text. */
export function requireJsonBytes(name: string, value: unknown, maxBytes: number): void {
  if (value !== undefined) requireBytes(name, JSON.stringify(value), maxBytes);
}

/**
 * The value in the form of the schema; members that it does not name are dropped.
 * @throws ProtocolError 400 that names the first member that does not fit, never its value
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue === undefined ? '' : issue.path.map(String).join('.');
  throw invalid(`${path === '' ? 'body' : path} is invalid: ${issue === undefined ? '' : wordsOf(issue)}`);
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'invalid_union') return 'has none of the known forms';
  return issue.message;
}

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);
