import { describe, expect, it } from 'vitest';
import { InvalidOptions } from './errors.ts';
import { eventNames } from './event-names.ts';
import { settingsFrom } from './settings.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { Visibility } from './visibility.ts';

function watched(isVisible: boolean | undefined) {
  const runtime = new FakeRuntime();
  runtime.isVisible = isVisible;
  const sent: unknown[] = [];
  const send = (event: string, data: unknown): boolean => {
    sent.push([event, data]);
    return true;
  };
  const visibility = new Visibility({ names: eventNames(2), runtime, send });
  visibility.start();
  return { runtime, sent, visibility };
}

const said = (visible: boolean) => ['sockudo:visibility', { visible }];

describe('what a page says of itself', () => {
  it('is how it is, what changes, and once more to each connection', () => {
    const { runtime, sent, visibility } = watched(true);
    runtime.visibilityListener?.(false);
    runtime.visibilityListener?.(false);
    visibility.report();
    expect(sent).toEqual([said(true), said(false), said(false)]);
  });

  it('is said again when the server learns who it is', () => {
    const { sent, visibility } = watched(true);
    visibility.handleFrame({ event: 'sockudo:signin_success' });
    visibility.handleFrame({ event: 'sockudo_internal:subscription_succeeded', channel: 'presence-a' });
    visibility.handleFrame({ event: 'sockudo_internal:subscription_succeeded', channel: 'a' });
    expect(sent).toEqual([said(true), said(true), said(true)]);
  });

  it('is nothing where there is no page, and after it was stopped', () => {
    const without = watched(undefined);
    without.visibility.report();
    expect(without.sent).toEqual([]);
    const { runtime, sent, visibility } = watched(true);
    visibility.stop();
    visibility.report();
    expect(sent).toEqual([said(true)]);
    expect(runtime.visibilityListener).toBeUndefined();
  });

  it('needs protocol 2', () => {
    const options = { wsHost: 'example.com', reportVisibility: true };
    expect(() => settingsFrom('key', options, new FakeRuntime())).toThrow(InvalidOptions);
    const settings = settingsFrom('key', { ...options, protocolVersion: 2 }, new FakeRuntime());
    expect(settings.reportsVisibility).toBe(true);
  });
});
