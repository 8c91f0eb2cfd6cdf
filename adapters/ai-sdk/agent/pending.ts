/** Calls of tools that wait for somebody: for a person who approves, or for a page that executes. Must not know: runs. */
import type { AnyChunk } from '../parts/chunk.ts';

export interface PendingCall {
  readonly toolCallId: string;
  readonly toolName: string;
  /** What it waits for. */
  readonly waitsFor: 'approval' | 'output';
}

/** Calls that one message holds; a model that makes more of them is broken. */
const CALLS_MAX = 4096;

export class PendingCalls {
  readonly #calls = new Map<string, PendingCall>();
  readonly #approvals = new Map<string, string>();

  take(chunk: AnyChunk): void {
    const id = String(chunk.toolCallId);
    switch (chunk.type) {
      case 'tool-input-available':
        if (chunk.providerExecuted === true) return;
        if (this.#calls.size >= CALLS_MAX) throw new RangeError(`More than ${CALLS_MAX} calls wait at once`);
        this.#calls.set(id, { toolCallId: id, toolName: String(chunk.toolName), waitsFor: 'output' });
        return;
      case 'tool-approval-request': {
        if (chunk.isAutomatic === true) return;
        const { toolName = '' } = this.#calls.get(id) ?? {};
        this.#calls.set(id, { toolCallId: id, toolName, waitsFor: 'approval' });
        this.#approvals.set(String(chunk.approvalId), id);
        return;
      }
      case 'tool-approval-response':
        this.#calls.delete(this.#approvals.get(String(chunk.approvalId)) ?? '');
        return;
      case 'tool-output-available':
        if (chunk.preliminary !== true) this.#calls.delete(id);
        return;
      case 'tool-output-error':
      case 'tool-output-denied':
      case 'tool-input-error':
        this.#calls.delete(id);
    }
  }

  get list(): readonly PendingCall[] {
    return [...this.#calls.values()];
  }
}
