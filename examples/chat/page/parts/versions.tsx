import { useVersions } from '@sockudo/ai-transport/react';
import { Icon } from './icons.tsx';

/** ‹ 2/3 ›, where there is more than one version of a message and of what follows it. */
export function VersionSwitcher({ messageId, of }: { readonly messageId: string; readonly of: string }) {
  const versions = useVersions(messageId);
  if (versions === null) return null;
  const { index, count, select } = versions;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms
    <span className="versions" role="group" aria-label={`Versions of this ${of}`}>
      <button
        type="button"
        className="quiet icon small"
        aria-label="Version before"
        disabled={index === 0}
        onClick={() => select(index - 1)}
      >
        <Icon name="before" />
      </button>
      <span>
        {index + 1}/{count}
      </span>
      <button
        type="button"
        className="quiet icon small"
        aria-label="Version after"
        disabled={index === count - 1}
        onClick={() => select(index + 1)}
      >
        <Icon name="after" />
      </button>
    </span>
  );
}
