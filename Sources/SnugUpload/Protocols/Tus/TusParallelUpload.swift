// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// A file sent over tus in parallel pieces, each a separate upload, which the server joins at the end.
struct TusParallelUpload {
    let job: UploadJob
    let keeper: RecordKeeper

    /// Pieces below this size gain nothing.
    private static let smallestPiece = 4 << 20

    /// - Returns: `nil` when it is not wanted, not worth it, or the server cannot join.
    func run() async throws -> OffsetUpload.Completion? {
        let record = keeper.record
        // An upload that was begun as one resumes as one.
        guard record.uploadURL == nil, record.pieces != nil || wantsPieces else { return nil }
        let features = try await discover()
        guard features.has("concatenation") else { return nil }
        if record.pieces == nil {
            let pieces = Self.cut(job.length, into: job.options.parallelism ?? 1)
            try await keeper.update { $0.pieces = pieces }
        }
        let isJoinLost = record.sentEverything
        let uploads = try await send(features)
        if isJoinLost { throw Self.unknown }
        return try await join(uploads)
    }

    private var wantsPieces: Bool {
        (job.options.parallelism ?? 1) > 1 && job.length >= 2 * Self.smallestPiece
    }

    /// Cuts the file into pieces of nearly equal length.
    static func cut(_ length: Int, into wanted: Int) -> [UploadRecord.Piece] {
        let count = max(1, min(wanted, length / smallestPiece))
        return (0..<count).map { number in
            let start = length * number / count
            return UploadRecord.Piece(offset: start, bytes: length * (number + 1) / count - start)
        }
    }

    private func discover() async throws -> TusFeatures {
        var dialect = TusDialect(job: job)
        var failures = 0
        while true {
            let failure = try await dialect.discover()
            if let features = dialect.features { return features }
            failures += 1
            guard failures < job.rules.attemptsWithoutProgress else {
                throw failure?.exchange.error(.retries, at: 0)
                    ?? UploadError(.retriesSpent, "the server does not announce its features; try again later")
            }
            try await job.wait(job.rules.delay(failures, job.environment.random(), throttled: false))
        }
    }

    private func send(_ features: TusFeatures) async throws -> [HTTPURL] {
        let pieces = keeper.record.pieces ?? []
        return try await withThrowingTaskGroup(of: (Int, HTTPURL).self) { group in
            for (number, piece) in pieces.enumerated() {
                let dialect = TusDialect(job: job, piece: piece.range, slot: number, features: features)
                group.addTask {
                    var upload = try OffsetUpload(job: job, dialect: dialect, keeper: keeper, piece: number)
                    guard let url = try await upload.run().upload else {
                        throw UploadError(
                            .serverMisbehaved, "the server sent no address for a piece", resumption: .startOver)
                    }
                    return (number, url)
                }
            }
            var found: [Int: HTTPURL] = [:]
            for try await (number, url) in group { found[number] = url }
            return pieces.indices.compactMap { found[$0] }
        }
    }

    /// Asks for the joining once, because its result cannot be checked. Only a refusal allows another attempt.
    private func join(_ pieces: [HTTPURL]) async throws -> OffsetUpload.Completion {
        var failures = 0
        let headers: HTTPFields = [
            .tusResumable: "1.0.0", .uploadMetadata: job.tusMetadata,
            .uploadConcat: "final;" + pieces.map(\.path).joined(separator: " "),
        ]
        while true {
            try await keeper.update { $0.sentEverything = true }
            let exchange = try await job.exchange(.post, job.target.url, headers, body: .empty) {
                $0.connectionUse = .fresh
            }
            switch exchange {
            case .responded(let response) where response.status == 201:
                guard let location = response.headerFields[.location],
                    let upload = try? response.url.resolving(location)
                else { throw Self.unknown }
                try job.checkOrigin(of: upload)
                try await checkLength(upload)
                return OffsetUpload.Completion(upload: upload, isConfirmed: true, response: response)
            case .responded(let response):
                switch ResponseClass(ofUpload: response.status) {
                case .transient: break
                // Locked by another request.
                case .definite where response.status == 423: break
                case .definite where response.status.kind != .serverError:
                    throw exchange.error(.refused, at: job.length)
                case .success, .definite, .unknown: throw Self.unknown
                }
            case .failure(let error) where error.outcome == .notSent: break
            case .failure: throw Self.unknown
            }
            try await keeper.update { $0.sentEverything = false }
            failures += 1
            guard failures < job.rules.attemptsWithoutProgress else { throw exchange.error(.retries, at: job.length) }
            try await job.wait(job.rules.delay(failures, job.environment.random(), throttled: true))
        }
    }

    private func checkLength(_ upload: HTTPURL) async throws {
        let exchange = try await job.exchange(.head, upload, [.tusResumable: "1.0.0"])
        guard let offset = exchange.response?.headerFields.integer(.uploadOffset) else { return }
        guard offset == job.length else {
            throw UploadError(
                .verificationFailed, "the joined upload has \(offset) bytes and the file \(job.length); send it again",
                resumption: .startOver)
        }
    }

    private static var unknown: UploadError {
        UploadError(
            .outcomeUnknown,
            "all pieces are at the server, and joining them was not confirmed; check the server before sending the file again"
        )
    }
}
