// The model of the chat in tests: the stand-in over HTTP, which counts how often it is asked, remembers what it said, and waits where a
// test wants it to.
import { createLocalModel, LOCAL_MODEL } from '@sockudo/local-model';
import { z } from 'zod';

const asked = z.object({
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
});

export interface ModelCall {
  /** What the user said last. */
  readonly question: string;
  /** Roles of the messages, in order. */
  readonly roles: readonly string[];
  /** All that was said. */
  text: string;
}

const SENTENCES = [
  'The river comes from the mountains and takes its time on the way.',
  'Boats with red sails go down to the harbour before the sun is up.',
  'Nobody in the old town locks a door while the market is open.',
  'A letter from the coast needs four days, and longer in the winter.',
  'Tea is poured when the water is quiet again, and not before that.',
];

/** Prose without marks, so that what is shown can be compared with what was said. */
const DOCUMENTS = Array.from({ length: 12 }, (_, chapter) => ({
  source: `chapter-${chapter + 1}.md`,
  text: `# Chapter ${chapter + 1}\n\n${Array.from({ length: 8 }, (_, n) => `${n + 1} of ${chapter + 1}: ${SENTENCES[(n + chapter) % 5]}`).join('\n\n')}\n`,
}));

export class ChatModel {
  readonly calls: ModelCall[] = [];
  /** Waits before each piece: the call, and what it has said so far. */
  onPiece: (call: ModelCall) => Promise<void> = async () => {};
  readonly #app = createLocalModel({
    documents: DOCUMENTS,
    pace: async (piece) => {
      const call = this.calls.at(-1);
      if (call === undefined) return;
      await this.onPiece(call);
      call.text += piece;
    },
  });

  constructor() {
    this.#app.addHook('preHandler', async ({ body }) => {
      const { success, data } = asked.safeParse(body);
      if (!success) return;
      const question = data.messages.findLast(({ role }) => role === 'user')?.content;
      const roles = data.messages.map(({ role }) => role);
      this.calls.push({ question: String(question), roles, text: '' });
    });
  }

  /** Variables of the environment with which the chat uses it. */
  async listen(settings: string): Promise<Record<string, string>> {
    return {
      OPENAI_BASE_URL: `${await this.#app.listen({ host: '127.0.0.1', port: 0 })}/v1`,
      OPENAI_API_KEY: 'none',
      MODEL: `${LOCAL_MODEL}:note=off,${settings}`,
    };
  }

  reset(): void {
    this.calls.length = 0;
    this.onPiece = async () => {};
  }

  /** Says so many words and waits then, until the answer is called. */
  holdAt(words: number): { readonly reached: Promise<void>; readonly release: () => void } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.onPiece = async ({ text }) => {
      if ((text.match(/\s/g) ?? []).length < words) return;
      reached.resolve();
      await released.promise;
    };
    return { reached: reached.promise, release: () => released.resolve() };
  }

  close(): Promise<void> {
    return Promise.resolve(this.#app.close()).then(() => {});
  }
}

/** A text without its marks and line breaks: of Markdown and of what is made of it the same. */
export const plain = (text: string): string => text.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim();
