// A configuration that may be printed: every value the schema marks as secret becomes `[redacted]`.
import { childOf, isPlainObject, type SettingNode, settingsTree } from './tree.ts';

export const REDACTED = '[redacted]';

/** A copy with secrets replaced and absent members left out. An empty secret stays visible as empty. */
export function redact(config: unknown): unknown {
  const walk = (value: unknown, node: SettingNode | null): unknown => {
    if (node?.secret === true && value !== undefined && value !== '') return REDACTED;
    if (Array.isArray(value))
      return value.map((item, index) => walk(item, node === null ? null : childOf(node, index)));
    if (!isPlainObject(value)) return value;
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(
      members.map(([key, member]) => [key, walk(member, node === null ? null : childOf(node, key))]),
    );
  };
  return walk(config, settingsTree());
}
