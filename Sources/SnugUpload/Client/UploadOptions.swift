// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP

/// How an upload behaves; none of it changes what arrives.
public struct UploadOptions: Sendable {
    /// What to do when everything was sent and the server has forgotten the upload before its answer arrived.
    public enum UnconfirmedPolicy: Sendable, Hashable {
        /// Give a receipt that says so: servers that drop an upload's address once it is complete are common.
        case accept
        /// Throw `outcome_unknown`. It is never sent again without being asked for.
        case fail
    }

    /// Bytes of the first chunk. Default 1 MiB; S3 parts are at least 5 MiB.
    public var chunkSize = 1 << 20
    /// Chunks never grow above this. Default 64 MiB.
    public var maximumChunkSize = 64 << 20
    /// Whether chunks follow the line's speed. Default true.
    public var adaptsChunkSize = true
    /// Parts under way at once, where the protocol has parts; `nil` is 4 for S3 and one after the other for tus.
    ///
    /// With more than 1, tus sends pieces that the server joins at the end, if it can (`concatenation`). The last request,
    /// which joins them, cannot be asked about: when its answer is lost, the upload ends as `outcome_unknown`.
    public var parallelism: Int?
    /// Whether tus sends the first chunk along with the request that creates the upload, where the server allows it.
    ///
    /// Saves a round trip. An answer that is lost then leaves an upload with bytes in it that nobody knows the address of,
    /// and a file of one chunk ends as `outcome_unknown`. Default false.
    public var createsWithFirstChunk = false
    /// Whether chunks carry a checksum where the server takes one, and the whole file is hashed. Default true.
    public var checksums = true
    /// Attempts in a row that bring no byte further before giving up. Default 10; any progress starts the count anew.
    public var attemptsWithoutProgress = 10
    /// The waits between attempts.
    public var retry = RetryPolicy()
    /// When everything has to be over.
    public var deadline: ContinuousClock.Instant?
    /// The longest that no byte may move while one has to. Default 20 s.
    public var stallTimeout = Duration.seconds(20)
    /// The longest that the server may take to answer one request. Default 10 min.
    public var attemptTimeout = Duration.seconds(600)
    /// Shared by uploads that together stay under one rate.
    public var bandwidthLimiter: BandwidthLimiter?
    /// Whether to go on with an upload that an earlier process began. Default true.
    public var resumes = true
    /// Whether cancelling also removes what the server has so far. Default true.
    public var discardsWhenCancelled = true
    /// How long cancelling waits for the name of an upload that is just being begun; tests have more patience.
    var creationGrace = Duration.milliseconds(500)
    /// Default ``UnconfirmedPolicy/accept``.
    public var unconfirmed = UnconfirmedPolicy.accept
    /// Called as bytes move, on no particular thread, so it has to be quick.
    public var onProgress: (@Sendable (UploadProgress) -> Void)?

    /// The defaults.
    public init() {}
}

/// How far an upload is.
public struct UploadProgress: Sendable, Hashable {
    /// Bytes that the server has, or that are on their way to it.
    public var bytesSent: Int
    /// Bytes in all.
    public var bytesTotal: Int
    /// The chunk size now in use.
    public var chunkSize: Int
    /// Requests that had to be repeated so far.
    public var retries: Int
    /// Set when an upload that an earlier process began goes on, or begins anew because the file or the server changed.
    public var note: Note?

    /// What somebody watching should know.
    public enum Note: String, Sendable, Hashable {
        /// It goes on where it stopped.
        case resumed
        /// The file is no longer the one whose upload was begun.
        case startedOverBecauseFileChanged = "file_changed"
        /// The server no longer has what was sent.
        case startedOverBecauseGone = "gone"
        /// The time for which the server keeps what was sent is over.
        case startedOverBecauseExpired = "expired"
    }
}
