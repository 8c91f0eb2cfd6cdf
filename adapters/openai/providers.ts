/** Where providers that speak OpenAI's language are reached, and what their keys are called. */

export interface ProviderPreset {
  readonly baseURL: string;
  /** Variable of the environment that holds the key; absent: it wants none. */
  readonly keyName?: string;
}

export const OPENAI_PROVIDERS = {
  openai: { baseURL: 'https://api.openai.com/v1', keyName: 'OPENAI_API_KEY' },
  openrouter: { baseURL: 'https://openrouter.ai/api/v1', keyName: 'OPENROUTER_API_KEY' },
  groq: { baseURL: 'https://api.groq.com/openai/v1', keyName: 'GROQ_API_KEY' },
  together: { baseURL: 'https://api.together.xyz/v1', keyName: 'TOGETHER_API_KEY' },
  fireworks: { baseURL: 'https://api.fireworks.ai/inference/v1', keyName: 'FIREWORKS_API_KEY' },
  deepseek: { baseURL: 'https://api.deepseek.com/v1', keyName: 'DEEPSEEK_API_KEY' },
  mistral: { baseURL: 'https://api.mistral.ai/v1', keyName: 'MISTRAL_API_KEY' },
  perplexity: { baseURL: 'https://api.perplexity.ai', keyName: 'PERPLEXITY_API_KEY' },
  xai: { baseURL: 'https://api.x.ai/v1', keyName: 'XAI_API_KEY' },
  cerebras: { baseURL: 'https://api.cerebras.ai/v1', keyName: 'CEREBRAS_API_KEY' },
  google: { baseURL: 'https://generativelanguage.googleapis.com/v1beta/openai', keyName: 'GEMINI_API_KEY' },
  ollama: { baseURL: 'http://localhost:11434/v1' },
  lmstudio: { baseURL: 'http://localhost:1234/v1' },
  vllm: { baseURL: 'http://localhost:8000/v1' },
  llamacpp: { baseURL: 'http://localhost:8080/v1' },
} as const satisfies Readonly<Record<string, ProviderPreset>>;

export type OpenAIProvider = keyof typeof OPENAI_PROVIDERS;

/**
 * Options for the constructor of the client: `new OpenAI(providerOptions('groq'))`. The variable `NAME_BASE_URL` (`GROQ_BASE_URL`)
 * leads elsewhere.
 * @throws TypeError for a name that is not there, or a key that is not set
 */
export function providerOptions(
  name: OpenAIProvider,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { readonly baseURL: string; readonly apiKey: string } {
  const preset: ProviderPreset | undefined = Object.hasOwn(OPENAI_PROVIDERS, name)
    ? OPENAI_PROVIDERS[name]
    : undefined;
  if (preset === undefined)
    throw new TypeError(
      `There is no provider ${name}: use one of ${Object.keys(OPENAI_PROVIDERS).join(', ')}`,
    );
  const baseURL = env[`${name.toUpperCase()}_BASE_URL`] || preset.baseURL;
  if (preset.keyName === undefined) return { baseURL, apiKey: 'none' };
  const apiKey = env[preset.keyName];
  if (!apiKey) throw new TypeError(`${preset.keyName} is not set`);
  return { baseURL, apiKey };
}
