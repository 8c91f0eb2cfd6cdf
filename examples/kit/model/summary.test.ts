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
  it('picks the sentences whose words occur most, in the order of the text, each once', () => {
    expect(summaryOf(TEXT, 2)).toBe(
      'The boat has a sail, and the sail of the boat is red. A boat with a red sail goes faster than any other boat.',
    );
  });

  it('says how a text without sentences begins', () => {
    expect(summaryOf('# List\n\n- one\n- two')).toBe(
      'It has no whole sentences. It begins: “List - one - two …”',
    );
    expect(summaryOf(' \n')).toBe('It is empty.');
  });
});
