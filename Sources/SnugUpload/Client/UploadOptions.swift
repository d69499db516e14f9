// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
package import SystemPackage

/// Settings of an upload, none of which changes the result.
public struct UploadOptions: Sendable {
    /// The reaction to a server that forgets an upload after everything was sent and before its response arrived.
    public enum UnconfirmedPolicy: Sendable, Hashable {
        /// Returns a receipt that says so: many servers drop an upload's address once it is complete. Choose it only
        /// for a server that is known to.
        case accept
        /// Throws `outcome_unknown`. The file is never sent again unasked.
        case fail
    }

    /// Bytes of the first chunk. Default 1 MiB; S3 parts are at least 5 MiB.
    public var chunkSize = 1 << 20
    /// Maximum size of a chunk. Default 64 MiB.
    public var maximumChunkSize = 64 << 20
    /// True to adapt chunks to the speed of the connection. Default true.
    public var adaptsChunkSize = true
    /// Parts sent at once, where the protocol has parts; `nil` is 4 for S3 and one after the other for tus.
    ///
    /// With more than 1, tus sends pieces that the server joins at the end, if it can (`concatenation`). The last
    /// request, which joins them, cannot be checked: when its response is lost, the upload ends as `outcome_unknown`.
    public var parallelism: Int?
    /// True to send the first chunk with the tus request that creates the upload, where the server allows it.
    ///
    /// Saves a round trip. If the response is lost, an upload with bytes in it stays at an address that nobody knows,
    /// and a file of one chunk ends as `outcome_unknown`. Default false.
    public var createsWithFirstChunk = false
    /// True to send checksums with chunks where the server takes them, and to hash the whole file. Default true.
    public var checksums = true
    /// Maximum of consecutive attempts without progress. Default 10.
    public var attemptsWithoutProgress = 10
    /// The waits between attempts.
    public var retry = RetryPolicy()
    /// The end of the whole upload, retries and waits included.
    public var deadline: ContinuousClock.Instant?
    /// The longest time without a byte moving while sending or receiving. Default 20 s.
    public var stallTimeout = Duration.seconds(20)
    /// The longest time for one request. Default 10 min.
    public var attemptTimeout = Duration.seconds(600)
    /// The rate limit that this upload shares with others.
    public var bandwidthLimiter: BandwidthLimiter?
    /// True to resume an upload that an earlier process began. Default true.
    public var resumes = true
    /// True to remove the data at the server when the upload is cancelled. Default true.
    public var discardsWhenCancelled = true
    /// The wait of a cancelled upload for the address of an upload that is just being created.
    var creationGrace = Duration.milliseconds(500)
    /// Default ``UnconfirmedPolicy/fail``.
    public var unconfirmed = UnconfirmedPolicy.fail
    /// True to send a file again although an earlier request with it may have taken effect. Default false: such an
    /// upload ends as `outcome_unknown` until a person decides.
    public var repeatsUnknown = false
    /// The name that the upload is recorded under, for a file whose path is another one in each run; `nil` for its path.
    package var recordName: FilePath?
    /// The file that a person knows, where the one that is sent was made of it; `nil` for the file itself.
    package var inputName: FilePath?
    /// Called when no other process sends the file to the target, before anything is sent. Its error ends the upload.
    package var willSend: (@Sendable () async throws -> Void)?
    /// Called with the receipt while no other process can send the file.
    package var didSend: (@Sendable (UploadReceipt) async -> Void)?
    /// Called as bytes move, on no particular thread, so it has to be quick.
    public var onProgress: (@Sendable (UploadProgress) -> Void)?

    /// The defaults.
    public init() {}
}

/// The progress of an upload.
public struct UploadProgress: Sendable, Hashable {
    /// Bytes that the server has, or that are on their way to it.
    public var bytesSent: Int
    /// Bytes in all.
    public var bytesTotal: Int
    /// The chunk size now in use.
    public var chunkSize: Int
    /// Requests that had to be repeated so far.
    public var retries: Int
    /// Set when an upload resumes, or starts over because the file or the server changed.
    public var note: Note?

    /// An event that a person who watches should know.
    public enum Note: String, Sendable, Hashable {
        /// It resumes where it stopped.
        case resumed
        /// It starts over: the file has changed since the upload was begun.
        case startedOverBecauseFileChanged = "file_changed"
        /// It starts over: the server no longer has the data.
        case startedOverBecauseGone = "gone"
        /// It starts over: the server's time limit for resuming has passed.
        case startedOverBecauseExpired = "expired"
    }
}
