// Finds a Chromium for the browser tests, and installs one where there is none. The tests use the real browser of the machine:
// no build of a browser is downloaded past the machine's own package manager.
import { ensureInstalled, findProgram, isExecutable } from './installing.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC_APPS = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Path of a Chromium or Chrome: `CHROMIUM_PATH`, else one in PATH or among the applications; null where there is none. */
export function findChromium(): string | null {
  const given = process.env.CHROMIUM_PATH;
  if (given !== undefined && given !== '') return given;
  const found = findProgram(NAMES, ['/usr/bin']);
  return found ?? (process.platform === 'darwin' ? (MAC_APPS.find(isExecutable) ?? null) : null);
}

/** As above, with an installation by apt or Homebrew if need be. Throws with what to do by hand where neither works. */
export function ensureChromium(): string {
  return ensureInstalled(
    'Chromium',
    'the browser tests',
    findChromium,
    { apt: ['chromium', 'fonts-dejavu-core'], brew: ['--cask', 'chromium'] },
    'Install Chromium or Chrome, or set CHROMIUM_PATH to its program.',
  );
}
