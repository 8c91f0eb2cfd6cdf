import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  build: {
    target: 'es2022',
    rolldownOptions: {
      input: fileURLToPath(new URL('./main.ts', import.meta.url)),
      output: { format: 'iife', entryFileNames: 'push-worker.js' },
    },
  },
});
