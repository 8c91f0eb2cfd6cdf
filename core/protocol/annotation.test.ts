import { describe, expect, it } from 'vitest';
import {
  encodeAnnotation,
  parseAnnotation,
  parseAnnotationsQuery,
  requireAnnotationParts,
  summarizerOf,
  summaryData,
} from './annotation.ts';
import { ProtocolError } from './errors.ts';

function refusal(attempt: () => unknown): ProtocolError {
  try {
    attempt();
  } catch (error) {
    if (ProtocolError.is(error)) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('an annotation type', () => {
  it('names its summarizer', () => {
    expect(summarizerOf('reactions:distinct.v1')).toBe('distinct');
    expect(summarizerOf('a.b:total.v1')).toBe('total');
  });

  it.each([
    ['likes', 'annotation type must use namespace:summarizer.version'],
    [':total.v1', 'annotation type must use namespace:summarizer.version'],
    ['likes:total', 'annotation type must use namespace:summarizer.version'],
    ['likes:sum.v1', 'unsupported annotation summarizer: sum'],
    ['likes:a:total.v1', 'unsupported annotation summarizer: a:total'],
    ['likes:total.v2', 'unsupported annotation version: v2'],
    ['likes:total.1', 'unsupported annotation version: 1'],
    ['my likes:total.v1', 'annotation type must not contain whitespace'],
    [`${'x'.repeat(256)}:total.v1`, 'annotation type exceeds 256 bytes'],
  ])('%s is refused', (type, text) => {
    expect(refusal(() => summarizerOf(type))).toMatchObject({ detail: text, httpStatus: 400 });
  });
});

describe('the body of a create', () => {
  it('is read in both spellings, of which camelCase wins', () => {
    const given = { type: 't', name: 'like', count: 3, data: { src: 'web' }, encoding: 'json' };
    expect(parseAnnotation({ ...given, client_id: 'u1', socket_id: '1.2' })).toEqual({
      ...given,
      data: '{"src":"web"}',
      clientId: 'u1',
      socketId: '1.2',
    });
    expect(parseAnnotation({ type: 't', clientId: 'u2', client_id: 'u1' }).clientId).toBe('u2');
    expect(parseAnnotation({ type: 't', socketId: null, socket_id: '1.2' }).socketId).toBe('1.2');
  });

  it('has a shape', () => {
    for (const body of [null, {}, { type: 1 }, { type: 't', count: -1 }, { type: 't', count: 1.5 }]) {
      expect(refusal(() => parseAnnotation(body)).httpStatus).toBe(422);
    }
    expect(refusal(() => parseAnnotation({ type: 't', count: 0 })).httpStatus).toBe(400);
  });

  it('has what its type needs', () => {
    const text = (attempt: () => void) => refusal(attempt).detail;
    expect(text(() => requireAnnotationParts('distinct', { clientId: 'u1' }))).toBe(
      'annotation name is required for this annotation type',
    );
    expect(text(() => requireAnnotationParts('distinct', { name: 'like' }))).toBe(
      'annotation client_id is required for this annotation type',
    );
    expect(text(() => requireAnnotationParts('flag', { name: 'like' }))).toContain('client_id is required');
    expect(text(() => requireAnnotationParts('multiple', { clientId: 'u1' }))).toContain('name is required');
    requireAnnotationParts('total', {});
    requireAnnotationParts('multiple', { name: 'clap' });
  });
});

it('a list is asked for by type, serial and limit', () => {
  const query = (parameters: Record<string, string>) =>
    parseAnnotationsQuery(new Map(Object.entries(parameters)), 10);
  expect(query({})).toEqual({ limit: 10 });
  expect(query({ limit: '50', type: 't', from_serial: 's', socket_id: '1.2' })).toEqual({
    limit: 10,
    type: 't',
    from: 's',
    socketId: '1.2',
  });
  for (const limit of ['0', '', '-1', 'x']) expect(refusal(() => query({ limit })).httpStatus).toBe(400);
});

it('an event is written with what it has; a delete never shows id, data or encoding', () => {
  const item = {
    id: 'id',
    annotationSerial: 's',
    messageSerial: 'm',
    type: 'r:distinct.v1',
    name: '👍',
    clientId: 'u',
    data: '{"a":1}',
    encoding: 'json',
    timestampMs: 5,
  };
  expect(encodeAnnotation({ ...item, action: 'annotation.create' })).toBe(
    '{"action":"annotation.create","id":"id","serial":"s","messageSerial":"m","type":"r:distinct.v1",' +
      '"name":"👍","clientId":"u","data":{"a":1},"encoding":"json","timestamp":5}',
  );
  expect(encodeAnnotation({ ...item, action: 'annotation.delete' })).toBe(
    '{"action":"annotation.delete","serial":"s","messageSerial":"m","type":"r:distinct.v1",' +
      '"name":"👍","clientId":"u","timestamp":5}',
  );
  expect(JSON.parse(summaryData('m', 'r:total.v1', '{"total":1}'))).toEqual({
    action: 'message.summary',
    serial: 'm',
    annotations: { summary: { 'r:total.v1': { total: 1 } } },
  });
});
