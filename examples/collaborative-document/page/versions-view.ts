// The versions of one paragraph, with a slider through them. What a version changed is marked.
import type { Channel } from '@sockudo/client';
import { byId, create, html } from '@sockudo/example-kit/page';
import { changeOf } from './change.ts';
import { type TextVersion, versionsOf } from './versions.ts';

export interface VersionsOptions {
  readonly channel: Channel;
  readonly onRestore: (serial: string, text: string) => void;
  /** Null: closed. */
  readonly onOpen: (serial: string | null) => void;
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export class VersionsView {
  readonly #options: VersionsOptions;
  readonly #slider = byId('version', HTMLInputElement);
  #serial: string | null = null;
  #versions: readonly TextVersion[] = [];

  constructor(options: VersionsOptions) {
    this.#options = options;
    this.#slider.addEventListener('input', () => this.#show());
    html('versions-close').addEventListener('click', () => this.close());
    html('version-restore').addEventListener('click', () => {
      const version = this.#versions[this.#slider.valueAsNumber];
      if (this.#serial !== null && version !== undefined) options.onRestore(this.#serial, version.text);
    });
  }

  async open(serial: string): Promise<void> {
    this.#serial = serial;
    this.#versions = [];
    this.#options.onOpen(serial);
    document.body.classList.add('with-versions');
    html('versions').hidden = false;
    await this.#load(true);
    html('versions').scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }

  close(): void {
    this.#serial = null;
    document.body.classList.remove('with-versions');
    html('versions').hidden = true;
    this.#options.onOpen(null);
  }

  /** There may be a new version. Whoever looks at the latest goes on looking at the latest. */
  async refresh(serial: string): Promise<void> {
    if (serial === this.#serial) await this.#load(this.#slider.valueAsNumber >= this.#versions.length - 1);
  }

  async #load(toLatest: boolean): Promise<void> {
    const serial = this.#serial;
    if (serial === null) return;
    const versions = await versionsOf(this.#options.channel, serial).catch(() => null);
    if (this.#serial !== serial) return;
    html('versions-error').hidden = versions !== null;
    if (versions === null || versions.length < this.#versions.length) return;
    this.#versions = versions;
    this.#slider.max = String(versions.length - 1);
    if (toLatest) this.#slider.value = this.#slider.max;
    this.#slider.disabled = versions.length < 2;
    this.#show();
  }

  #show(): void {
    const index = this.#slider.valueAsNumber;
    const version = this.#versions[index];
    if (version === undefined) return;
    const previous = this.#versions[index - 1];
    const { before, changed, after } = changeOf(previous?.text ?? '', version.text);
    html('version-title').textContent = `Version ${index + 1} of ${this.#versions.length}`;
    html('version-who').textContent = `${version.who} · ${time.format(version.atMs)}${
      version.action === 'delete' ? ' · removed it' : ''
    }`;
    this.#slider.setAttribute('aria-valuetext', `${html('version-title').textContent}, ${version.who}`);
    const isFirst = previous === undefined;
    html('version-text').replaceChildren(before, isFirst ? changed : create('mark', '', changed), after);
    byId('version-restore', HTMLButtonElement).disabled =
      index === this.#versions.length - 1 && version.action !== 'delete';
  }
}
