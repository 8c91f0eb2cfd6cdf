import { describe, expect, it } from 'vitest';
import { summaryOf } from './summary.ts';

const TEXT = `# Boats

The boat has a sail, and the sail of the boat is red. Nobody knows who painted the old gate over there.

\`\`\`js
The boat and the sail in this code are never read by anybody.
\`\`\`

| The boat in a table is not looked at by this program. |

- A [boat](https://example.org/x) with a red sail goes faster than any other boat.
- Tea.

The boat has a sail, and the sail of the boat is red.
`;

describe('summaryOf', () => {
  it('picks the sentence whose words occur most', () => {
    expect(summaryOf(TEXT, 1)).toBe('A boat with a red sail goes faster than any other boat.');
  });

  it('goes on with what was not said yet, each sentence once, in the order of the text', () => {
    const [boat, gate, other] = [
      'The boat has a sail, and the sail of the boat is red.',
      'Nobody knows who painted the old gate over there.',
      'A boat with a red sail goes faster than any other boat.',
    ];
    expect(summaryOf(TEXT, 2)).toBe(`${gate} ${other}`);
    expect(summaryOf(TEXT, 9)).toBe(`${boat} ${gate} ${other}`);
  });

  it('says how a text without sentences begins', () => {
    expect(summaryOf('# List\n\n- one\n- two')).toBe(
      'It has no whole sentences. It begins: “List - one - two …”',
    );
    expect(summaryOf(' \n')).toBe('It is empty.');
  });
});
