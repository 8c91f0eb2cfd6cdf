// The package's version as the `x-pusher-library` header names it. A test holds it equal to package.json, so that the
// package needs no JSON import at run time.

/** Version of the npm package `sockudo`. */
export const VERSION = '0.1.0';
