import { expect, it } from 'vitest';
import { OPENAI_PROVIDERS, type OpenAIProvider, providerOptions } from './providers.ts';

it('leads to a provider with the key of the environment', () => {
  expect(providerOptions('groq', { GROQ_API_KEY: 'k' })).toEqual({
    baseURL: 'https://api.groq.com/openai/v1',
    apiKey: 'k',
  });
  expect(providerOptions('ollama', {})).toEqual({ baseURL: 'http://localhost:11434/v1', apiKey: 'none' });
});

it('leads elsewhere where the environment says so', () => {
  const { baseURL } = providerOptions('vllm', { VLLM_BASE_URL: 'http://gpu:8000/v1' });
  expect(baseURL).toBe('http://gpu:8000/v1');
});

it('says what is missing', () => {
  expect(() => providerOptions('groq', { GROQ_API_KEY: '' })).toThrow('GROQ_API_KEY is not set');
  expect(() => providerOptions('toString' as OpenAIProvider, {})).toThrow('use one of openai, openrouter');
});

it('knows addresses that can be used', () => {
  for (const { baseURL } of Object.values(OPENAI_PROVIDERS))
    expect([URL.canParse(baseURL), baseURL.endsWith('/')]).toEqual([true, false]);
});
