import { type HistoryWish } from './history-query.ts';
/** A request as it was sent; whether its limit and cursor fit is for historyQueryOf to say. */
export interface ChannelHistoryRequest extends HistoryWish {
    readonly channel: string;
    /** Only what lies at or before this subscription's attach serial. */
    readonly untilAttach: boolean;
}
/**
 * Reads the data of a `channel_history`: an object, a string holding its JSON, or either with the members under `params`, which
 * win over those beside it.
 * @throws ProtocolError 4000 `Invalid message format: …`
 */
export declare function parseChannelHistory(data: unknown): ChannelHistoryRequest;
/** The answer (OBJ); `page` is the JSON text of its data. */
export declare const channelHistoryFrame: (channel: string, page: string, messageId: string | undefined) => string;
/** How a rewind went; members in wire spelling and order. */
export interface RewindComplete {
    readonly historical_count: number;
    readonly live_count: number;
    readonly complete: boolean;
    readonly truncated_by_retention: boolean;
    readonly truncated_by_limit: boolean;
}
/** `rewind_complete` (OBJ), the frame after the last rewound and held message. */
export declare const rewindCompleteFrame: (channel: string, result: RewindComplete, messageId: string | undefined) => string;
