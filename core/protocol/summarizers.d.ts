/**
 * How the annotations of one type on one message add up: five summarizers, each a pure step from state and event to the next
 * state, and from state to the summary that subscribers see. States are JSON texts that only this file reads.
 * Must not know: frames, logs, who annotates.
 * Sources: http sheet 8.3 with its worked examples.
 */
import type { Summarizer } from './annotation.ts';
/** What counts of an annotation event. A delete carries the name, client and count of its create. */
export interface SummarizedEvent {
    readonly action: 'annotation.create' | 'annotation.delete';
    readonly name?: string;
    readonly clientId?: string;
    /** `multiple` only, default 1. */
    readonly count?: number;
}
/**
 * The state after one more event, in the order of the log.
 * @param state as this function answered for the event before; null: none yet
 */
export declare function summarize(summarizer: Summarizer, state: string | null, event: SummarizedEvent): string;
/**
 * JSON text of a state's summary.
 * @param maxClients most client ids in one list; totals stay exact, and a list that was cut is marked `clipped`
 */
export declare function summaryOf(summarizer: Summarizer, state: string | null, maxClients?: number): string;
