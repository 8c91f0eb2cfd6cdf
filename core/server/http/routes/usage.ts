// GET /usage: memory of the machine, in bytes.
import { freemem, totalmem } from 'node:os';
import { type HttpAnswer, jsonAnswer, type OpenRoute } from '../exchange-types.ts';

export interface MemoryUsage {
  readonly free: number;
  readonly used: number;
  readonly total: number;
  /** 0-100, two decimals. */
  readonly percent: number;
}

export function memoryUsage(): MemoryUsage {
  const total = totalmem();
  const free = freemem();
  const used = total - free;
  return { free, used, total, percent: Math.round((used / total) * 10_000) / 100 };
}

async function showUsage(): Promise<HttpAnswer> {
  return jsonAnswer(JSON.stringify({ memory: memoryUsage() }));
}

export const usageRoute: OpenRoute = { kind: 'open', path: '/usage', methods: { GET: showUsage } };
