/**
 * The package's version as a constant: importing package.json would not work in every browser and bundler.
 * version.test.ts keeps the two equal.
 */
export const VERSION = '0.1.0';
