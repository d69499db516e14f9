// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
public import SystemPackage

/// A step on the way to an image.
public enum GenerationEvent: Sendable, Hashable {
    /// An input image was fitted to so many bytes.
    case fitted(name: String, byteCount: Int)
    /// An input image was put where the provider can fetch it.
    case hosted(name: String)
    /// Waiting for the rate limiter: so many seconds, and which window.
    case throttled(Duration, window: String)
    /// Recorded, and about to be sent.
    case submitting(model: String?, attempt: Int)
    /// A request ended.
    case attempt(Attempt)
    /// Waiting before the next attempt, and why, as a code.
    case waiting(Duration, reason: GenerationError.Code)
    /// Input is fitted again under a smaller limit.
    case refitting(byteLimit: Int)
    /// Asking another model.
    case fallingBack(from: String?, to: String)
    /// A new access token was fetched.
    case refreshedToken
    /// Looking for a job whose response was lost.
    case reconciling
    /// A job started, or was found again.
    case accepted(id: String)
    /// A poll's response, so many so far.
    case polled(count: Int)
    /// An unfinished image.
    case partialImage(index: Int, path: FilePath)
    /// Bytes of a result.
    case downloading(received: Int, total: Int?)
    /// An image is here.
    case delivered(path: FilePath)
    /// The job ended without an image.
    case failed(GenerationError.Code)
}
