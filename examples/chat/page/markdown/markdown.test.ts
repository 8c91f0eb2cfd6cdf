// What a model writes is shown, and neither loaded nor run.
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Markdown } from './markdown.tsx';

const rendered = (text: string, isStreaming = false): string =>
  renderToString(createElement(Markdown, { text, isStreaming }));

describe('Markdown', () => {
  it('shows HTML as text', () => {
    const html = rendered('Hi <img src=x onerror=alert(1)>\n\n<script>alert(2)</script>');
    expect(html).not.toMatch(/<(img|script)/);
    expect(html).toContain('&lt;script&gt;');
  });

  it('links only where a link may lead, without telling where from', () => {
    const html = rendered(
      '[a](javascript:alert(1)) [b](data:text/html,x) [c](https://example.org "t") <d@e.org>',
    );
    expect(html.match(/href="[^"]*"/g)).toEqual(['href="https://example.org"', 'href="mailto:d@e.org"']);
    expect(html.match(/rel="noopener noreferrer nofollow"/g)).toHaveLength(2);
  });

  it('loads no picture: its address could carry out what was said', () => {
    const html = rendered('![map](https://example.org/p.png?said=secret)');
    expect(html).not.toContain('<img');
    expect(html).toContain('>map</a>');
  });

  it('renders tables, tasks and code of every block, also while they grow', () => {
    const text = '| a | b |\n| - | -: |\n| 1 | 2 |\n\n- [x] done\n\n```js\nlet a = 1;\n';
    const html = rendered(text, true);
    expect(html).toMatch(/<table>.*<td[^>]*>2<\/td>/s);
    expect(html).toContain('type="checkbox"');
    expect(html).toContain('let a = 1;');
    expect(rendered('Some **bo', true)).toContain('<strong>bo</strong>');
    expect(rendered('Some **bo', false)).toContain('**bo');
  });
});
