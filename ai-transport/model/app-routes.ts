/** What is asked of the app's server: the backend SDK has it. Must not know: what is asked. */
export interface AppRoutes {
  /** Rejects for every status but 200. */
  get(request: {
    readonly path: string;
    readonly params: Readonly<Record<string, string>>;
  }): Promise<Response>;
  post(request: { readonly path: string; readonly body: unknown }): Promise<Response>;
}
