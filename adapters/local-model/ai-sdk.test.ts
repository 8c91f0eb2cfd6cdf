// The stand-in as providers of the AI SDK see it, over HTTP.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestModel, type TestModel, WEATHER } from './testing/test-model.ts';

describe.each(['openai-compatible', 'openai', 'anthropic'])('AI SDK with %s', (name) => {
  let model: TestModel;
  beforeAll(async () => {
    Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
    model = await openTestModel('note=off,thinking=on');
  });
  afterAll(() => model.close());

  const chosen = () => {
    const options = { apiKey: 'none', baseURL: `${model.address}/v1` };
    if (name === 'openai') return createOpenAI(options)('local-model');
    if (name === 'anthropic') return createAnthropic(options)('local-model');
    return createOpenAICompatible({
      name: 'local',
      includeUsage: true,
      supportsStructuredOutputs: true,
      ...options,
    })('local-model');
  };

  it('gives objects of a schema', async () => {
    const schema = jsonSchema<{ city: string }>({ ...WEATHER.parameters, type: 'object' });
    const { output } = await generateText({
      model: chosen(),
      prompt: 'How was it in Rome?',
      output: Output.object({ schema }),
      maxRetries: 0,
    });
    expect(output).toEqual({ city: 'Rome' });
  });

  it('streams reasoning, calls of tools and text', async () => {
    const result = streamText({
      model: chosen(),
      prompt: 'What is the weather in Paris?',
      maxRetries: 0,
      stopWhen: stepCountIs(3),
      tools: {
        get_weather: tool({
          description: WEATHER.description,
          inputSchema: jsonSchema<{ city: string }>({ ...WEATHER.parameters, type: 'object' }),
          execute: async ({ city }) => ({ city, degrees: 21 }),
        }),
      },
      onError: ({ error }) => {
        throw error;
      },
    });
    const steps = await result.steps;
    expect(steps.map(({ finishReason }) => finishReason)).toEqual(['tool-calls', 'stop']);
    expect(steps[0]?.toolCalls).toMatchObject([{ toolName: 'get_weather', input: { city: 'Paris' } }]);
    expect(steps[0]?.reasoningText).toContain('get_weather');
    expect(await result.text).toBe('`get_weather` returned:\n\n- **city**: Paris\n- **degrees**: 21');
    expect((await result.totalUsage).outputTokens).toBeGreaterThan(0);
  });
});
