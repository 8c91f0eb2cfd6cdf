/** What registering for pushes rejects with. Texts never hold tokens or addresses of push services. */

export type PushErrorCode =
  /** This browser has no push here; `support` of the registration says why. */
  | 'unsupported'
  /** `enable` would ask for permission and was not called from a click or key. */
  | 'needs_gesture'
  /** The service worker could not be installed; `cause` says why. */
  | 'worker_failed'
  /** The VAPID key is none, or could not be fetched. */
  | 'bad_key'
  /** The browser's push service gave no subscription; `cause` is the browser's own error. */
  | 'subscribe_failed'
  /** The application's backend does not know the user, or the device is not theirs. */
  | 'unauthorized'
  /** The backend refused what was asked; asking again changes nothing. */
  | 'refused'
  /** The backend could not be reached, or failed each time it was asked. */
  | 'unavailable'
  /** A channel was subscribed to before the device was registered. */
  | 'not_registered'
  /** More channels than one device may have. */
  | 'too_many_channels'
  /** The browser's own storage failed; `cause` is its error. */
  | 'storage_failed';

export class PushError extends Error {
  override readonly name = 'PushError';
  readonly code: PushErrorCode;
  /** Of the backend's answer, where there was one. */
  readonly status: number | undefined;

  constructor(
    code: PushErrorCode,
    message: string,
    { cause, status }: { readonly cause?: unknown; readonly status?: number | undefined } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
  }
}

/** An error of whatever kind as one of ours. */
export const pushErrorOf = (error: unknown, code: PushErrorCode, message: string): PushError =>
  error instanceof PushError ? error : new PushError(code, message, { cause: error });
