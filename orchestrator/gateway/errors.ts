/** An answer other than 200, in OpenAI's shape, so that the clients of that API raise their own exceptions. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ErrorStatus;
  /** Stable name of the fault. */
  readonly code: string;
  /** The part of the request that is at fault. */
  readonly param: string | null;
  /** Seconds after which the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(
    status: ErrorStatus,
    code: string,
    message: string,
    more: {
      readonly param?: string | undefined;
      readonly retryAfter?: number | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.status = status;
    this.code = code;
    this.param = more.param ?? null;
    this.retryAfter = more.retryAfter;
  }
}

export type ErrorStatus = keyof typeof TYPES;

const TYPES = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  404: 'not_found_error',
  413: 'invalid_request_error',
  415: 'invalid_request_error',
  429: 'rate_limit_error',
  500: 'server_error',
  502: 'server_error',
  503: 'server_error',
} as const;

export function errorBody({ status, code, message, param }: ApiError) {
  return { error: { message, type: TYPES[status], param, code } };
}

export function mediaRefused(param: string, message: string, cause?: unknown): ApiError {
  return new ApiError(400, 'invalid_media', `${param}: ${message}`, { param, cause });
}

export function mediaTooLarge(param: string, maxBytes: number): ApiError {
  return new ApiError(413, 'media_too_large', `${param}: a medium has at most ${maxBytes} bytes here`, { param });
}

export function unknownModel(given: string, name: string): ApiError {
  const message = `there is no model ${JSON.stringify(given.slice(0, 200))}; this gateway serves ${JSON.stringify(name)}`;
  return new ApiError(404, 'model_not_found', message, { param: 'model' });
}
