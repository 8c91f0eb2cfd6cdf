import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, readSettings, SETTING_NAMES, splitModel } from './settings.ts';

describe('readSettings', () => {
  it('reads pairs over what is set already', () => {
    expect(readSettings('')).toEqual(DEFAULT_SETTINGS);
    const some = readSettings(' speed=50 , stall=after:20:5000,error=429:2,tool=a,tool=b');
    expect(some).toMatchObject({
      speed: 50,
      stall: { after: 20, ms: 5000 },
      error: { status: 429, times: 2 },
      tools: ['a', 'b'],
    });
    expect(readSettings('speed=max,stall=after:1,error=500', some)).toMatchObject({
      speed: Infinity,
      stall: { after: 1, ms: Infinity },
      error: { status: 500, times: Infinity },
      tools: ['a', 'b'],
    });
  });

  it.each([
    ['sped=1', `there is no setting 'sped'; there are: ${SETTING_NAMES.join(', ')}`],
    ['constructor=1', "there is no setting 'constructor'"],
    ['speed=fast', 'speed: must be a number from 0.1 to 10000'],
    ['speed=0', 'speed: must be'],
    ['speed=1e3', 'speed: must be'],
    ['jitter=2', 'jitter: must be a number from 0 to 1'],
    ['stall=20', 'stall: write stall=after:20 or stall=after:20:5000'],
    ['stall=after:1:2:3', 'stall: write'],
    ['stall=after:1:600001', 'stall: must be'],
    ['cut=after', 'cut: write cut=after:20'],
    ['cut=after:1.5', 'cut: must be a whole number'],
    ['error=200', 'error: must be a number from 400 to 599'],
    ['error=429:0', 'error: must be'],
    ['thinking=yes', 'thinking: must be on or off'],
    ['words=99999', 'words: must be'],
    [`tool=${'a'.repeat(2000)}`, 'at most 2000 characters'],
  ])('refuses %s', (text, message) => {
    expect(() => readSettings(text)).toThrow(message);
  });
});

it('splitModel takes the settings from behind the name', () => {
  expect(splitModel('local-model')).toEqual({ name: 'local-model', settings: '' });
  expect(splitModel('local-model:cut=after:3')).toEqual({ name: 'local-model', settings: 'cut=after:3' });
});
