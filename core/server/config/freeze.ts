// Settings never change after start: everything in them is frozen, as deep as it goes.

/** Freezes objects, lists and the values of maps. Regular expressions stay as they are: a frozen one is slow to run. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof RegExp || Object.isFrozen(value))
    return value;
  if (value instanceof Map) for (const member of value.values()) deepFreeze(member);
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
