// https://developer.shiphero.com/troubleshooting/error-glossary/

/** An error of the API: it goes into `errors`, the status stays 200. Code 5 is "not found", 6 "already exists". */
export class ApiError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}
