/** What integration tests are about, from the entries that users import. */
export { Sockudo } from '@sockudo/client';
export * from '../index.ts';
