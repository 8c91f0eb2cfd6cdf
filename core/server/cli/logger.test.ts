import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';

function lines(
  settings: { level: string; pretty: boolean },
  use: (logger: ReturnType<typeof createLogger>) => void,
): string[] {
  const out: string[] = [];
  use(createLogger(settings, { write: (text) => out.push(text) }));
  return out;
}

describe('the log of serve', () => {
  it('is one JSON object a line, without secrets', () => {
    const [line = ''] = lines({ level: 'info', pretty: false }, (logger) => {
      logger.debug('unseen');
      logger.info({ appId: 'a', secret: 'sesame', app: { secret: 'sesame' } }, 'started');
    });
    expect(line).not.toContain('sesame');
    expect(JSON.parse(line)).toMatchObject({ level: 30, msg: 'started', appId: 'a', secret: '[redacted]' });
  });

  it('is plain text where that is asked for', () => {
    const [line = '', failure = ''] = lines({ level: 'info', pretty: true }, (logger) => {
      logger.info({ appId: 'a', count: 3, text: 'two words' }, 'started');
      logger.error({ err: new Error('why') }, 'failed');
    });
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}started appId=a count=3 text="two words"\n$/);
    expect(failure).toMatch(/ERROR failed\n {2}Error: why\n {6}at /);
  });
});
