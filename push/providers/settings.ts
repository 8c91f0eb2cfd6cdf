// Where the providers are asked, and for how long. Everything has a default that is right for the real services; tests and
// mirrors name others.

export interface ProviderSettings {
  /** True: loopback and private addresses may be reached. For tests and fakes only. */
  readonly allowPrivateNetworks: boolean;
  /** Default 5000. */
  readonly connectTimeoutMs?: number;
  /** One request with its answer; default 10000. */
  readonly requestTimeoutMs?: number;
  readonly endpoints?: ProviderEndpoints;
  /** `apns-topic` of every push: the app's bundle id. Without it APNs cannot be used. */
  readonly apnsTopic?: string;
}

/** Whole addresses. `{project}` and `{appId}` stand for what the credential says. */
export interface ProviderEndpoints {
  /** Default `https://fcm.googleapis.com/v1/projects/{project}/messages:send`; an origin alone gets that path. */
  readonly fcm?: string;
  /** In place of the `token_uri` of a service account. */
  readonly fcmToken?: string;
  /** Default `https://api.push.apple.com`; `https://api.sandbox.push.apple.com` for development builds. */
  readonly apns?: string;
  /** Default `https://push-api.cloud.huawei.com/v1/{appId}/messages:send`; an origin alone gets that path. */
  readonly hms?: string;
  /** Default `https://oauth-login.cloud.huawei.com/oauth2/v3/token`. */
  readonly hmsToken?: string;
  /** Default `https://login.live.com/accesstoken.srf`. */
  readonly wnsToken?: string;
}

/** The address with its placeholder filled in; an origin alone gets the path of the real service. */
export function endpointOf(
  template: string | undefined,
  real: string,
  placeholder: string,
  value: string,
): string {
  const chosen = template ?? real;
  const parsed = URL.parse(chosen);
  const isOrigin = parsed !== null && parsed.pathname === '/' && parsed.search === '';
  const whole = isOrigin ? `${parsed.origin}${pathOf(real)}` : chosen;
  return whole.replace(placeholder, encodeURIComponent(value));
}

/** As written: a parsed path would have its braces escaped. */
function pathOf(address: string): string {
  return address.slice(address.indexOf('/', 'https://'.length));
}
