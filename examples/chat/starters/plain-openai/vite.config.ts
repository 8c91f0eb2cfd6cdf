import { defineConfig } from 'vite';

export default defineConfig({
  // So that the page may await at its top level.
  build: { target: 'es2022' },
  server: { proxy: { '/token': process.env.BACKEND ?? 'http://127.0.0.1:6010' } },
});
