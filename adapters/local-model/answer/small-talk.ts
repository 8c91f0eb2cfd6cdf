// What is said without looking anything up. Must not know: HTTP.
import type { Library } from '../documents/library.ts';

const GREETING =
  /^(?:hi|hey|hello|hallo|hola|servus|moin|good (?:morning|evening|afternoon)|greetings)\b[\s!.,]*(?:there|you|all)?[\s!.]*$/i;
const THANKS = /^(?:thanks?|thank you|thx|cheers|great|nice|cool|ok(?:ay)?|perfect|got it)\b[^?]{0,40}$/i;
const FAREWELL = /^(?:bye|good ?bye|see you|ciao|good night)\b[^?]{0,30}$/i;
const ABOUT =
  /\b(?:who|what) are you\b|\bare you (?:an? )?(?:ai|llm|bot|robot|real|human|language model|model|chatgpt|gpt|claude)\b|\bwhat can you do\b|^(?:help|\?)[\s!.?]*$/i;

/** Nobody greets at such length. */
const MAX_LENGTH = 200;

/** Null: it is something to look up. */
export function smallTalk(text: string, library: Library): string | null {
  const words = text.trim();
  if (words === '') return `You said nothing. ${suggestions(library)}`;
  if (words.length > MAX_LENGTH) return null;
  if (GREETING.test(words)) return `Hello! ${suggestions(library)}`;
  if (THANKS.test(words)) return 'You are welcome. Ask on whenever you like.';
  if (FAREWELL.test(words)) return 'Goodbye!';
  if (!ABOUT.test(words)) return null;
  return (
    'I look up the words of your question in a few documents and quote the passages that fit. I understand nothing and make nothing up. ' +
    `Where tools are offered I call the one that fits, or the one you name: \`/tool NAME {"argument": 1}\`.\n\n${suggestions(library)}`
  );
}

export const nothingFound = (text: string, library: Library): string =>
  `I found nothing about “${short(text)}” in the ${count(library)}. ${suggestions(library)}`;

/** Said once in a conversation, before its first answer. */
export const note = (library: Library): string =>
  `I am no language model, only a stand-in: I look things up in ${count(library)} and quote what I find.`;

const count = ({ documents }: Library): string =>
  documents === 1 ? 'one document' : `${documents} documents`;

/** Titles of different documents to ask about. */
function suggestions({ sections }: Library): string {
  const titles = new Map<string, string>();
  for (const { source, headings } of sections) {
    const [title] = headings;
    if (title !== undefined && title.length < 40 && !titles.has(source)) titles.set(source, title);
  }
  const all = [...titles.values()];
  const step = Math.max(1, Math.floor(all.length / 3));
  const chosen = [0, 1, 2].flatMap((index) => all[index * step] ?? []);
  return chosen.length === 0
    ? 'Ask me about them.'
    : `You could ask me about ${chosen.map((one) => `“${one}”`).join(', ')}.`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
