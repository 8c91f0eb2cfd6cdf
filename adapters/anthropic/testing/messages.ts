/** Streams in the documented format of the Messages API, composed in few words, for tests. */
import type { JsonMap } from '../json.ts';

/** Events of a block: start, what comes in between, stop. */
export const block = (index: number, first: JsonMap, ...deltas: JsonMap[]): JsonMap[] => [
  { type: 'content_block_start', index, content_block: first },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
];

export const text = (index: number, ...pieces: string[]): JsonMap[] =>
  block(index, { type: 'text', text: '' }, ...pieces.map((piece) => ({ type: 'text_delta', text: piece })));

export const thinking = (index: number, signature: string, ...pieces: string[]): JsonMap[] =>
  block(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
    { type: 'signature_delta', signature },
  );

export const tool = (index: number, id: string, name: string, ...pieces: string[]): JsonMap[] =>
  block(
    index,
    { type: 'tool_use', id, name, input: {}, caller: { type: 'direct' } },
    ...pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
  );

export interface Told {
  readonly stopReason?: string;
  readonly usage?: JsonMap;
  readonly delta?: JsonMap;
}

/** A whole message around blocks. */
export const message = (blocks: readonly JsonMap[], told: Told = {}): JsonMap[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_01',
      type: 'message',
      role: 'assistant',
      model: 'claude-test-1',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: {
        input_tokens: 25,
        cache_creation_input_tokens: 10,
        cache_read_input_tokens: 100,
        output_tokens: 1,
      },
    },
  },
  { type: 'ping' },
  ...blocks,
  {
    type: 'message_delta',
    delta: { stop_reason: told.stopReason ?? 'end_turn', stop_sequence: null, ...told.delta },
    usage: told.usage ?? { output_tokens: 15 },
  },
  { type: 'message_stop' },
];

/** The bytes of a stream as the API sends it. */
export const sse = (events: readonly JsonMap[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

export const CITATION = {
  type: 'web_search_result_location',
  cited_text: 'It rained.',
  encrypted_index: 'Eo8B',
  title: 'Weather',
  url: 'https://weather.example/today',
};

export const PAGE_CITATION = {
  type: 'page_location',
  cited_text: 'It was dry.',
  document_index: 0,
  document_title: 'Almanac',
  start_page_number: 3,
  end_page_number: 4,
  file_id: null,
};

export const CITED_TEXT = block(
  0,
  { type: 'text', text: '', citations: [] },
  { type: 'citations_delta', citation: CITATION },
  { type: 'text_delta', text: 'It rained, ' },
  { type: 'text_delta', text: 'or not.' },
  { type: 'citations_delta', citation: PAGE_CITATION },
);

const FOUND = { type: 'web_search_result', url: CITATION.url, title: 'Weather', encrypted_content: 'Ew' };

export const WEB_SEARCH = [
  ...block(
    0,
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {}, caller: { type: 'direct' } },
    { type: 'input_json_delta', partial_json: '' },
    { type: 'input_json_delta', partial_json: '{"query":' },
    { type: 'input_json_delta', partial_json: '"weather"}' },
  ),
  ...block(1, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [FOUND] }),
  ...text(2, 'Rain.'),
];

export const REFUSED: Told = {
  stopReason: 'refusal',
  delta: { stop_details: { type: 'refusal', category: 'bio', explanation: 'No.' } },
};
