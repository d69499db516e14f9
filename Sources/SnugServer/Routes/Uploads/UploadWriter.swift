// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import NIOCore
import SnugImage
import SnugSystem
import SystemPackage

/// Writes the body of one request to the file of an upload, as it comes.
struct UploadWriter {
    /// Bytes that are written at once.
    private static let chunkSize = 1 << 20
    /// Bytes after which the offset is kept, so that a kill costs no more.
    private static let savingInterval = 16 << 20

    private let desk: UploadDesk
    private let file: UploadFile
    private var upload: ReceivedUpload
    /// The end beyond which no byte is taken.
    private let end: Int
    /// The share of the memory for bodies that the buffer has.
    private let share: BodyShare
    private var checksum: UploadChecksum?
    /// The place of the next byte that is written.
    private var position: Int
    private var buffer: [UInt8] = []

    /// Opens the file of an upload.
    /// - Throws: `io_failed`; `CancellationError`.
    init(_ desk: UploadDesk, _ upload: ReceivedUpload, checksum: UploadChecksum?) async throws {
        self.desk = desk
        self.upload = upload
        self.checksum = checksum
        position = upload.offset
        end = upload.length ?? desk.maximumBytes
        share = BodyShare(desk.buffers)
        let path = desk.file(of: upload.id)
        file = try await desk.jobs.threads.run {
            do { return try UploadFile(path, offset: upload.offset) } catch { throw Self.failed(error) }
        }
    }

    /// Takes a body in.
    ///
    /// What came before the client went stays, unless it has a checksum, which is of the whole body.
    /// - Returns: The upload as it is then.
    /// - Throws: `checksum_mismatch`, `upload_too_long`, `io_failed`, `too_slow`; `CancellationError` when the client went.
    mutating func receive(_ request: Request) async throws -> ReceivedUpload {
        let start = position
        var isCut = false
        var cause: any Error = CancellationError()
        do {
            for try await chunk in request.body {
                let count = buffer.count + chunk.readableBytes
                guard count <= end - position else { throw tooLong }
                // However many parts come at once: where memory is short, each is written as it comes.
                let isHeld = (try? share.grow(to: count)) != nil
                buffer.append(contentsOf: chunk.readableBytesView)
                if !isHeld || count >= Self.chunkSize { try await write() }
                if !isHeld { buffer = [] }
                if checksum == nil, position - upload.offset >= Self.savingInterval { try await save() }
            }
        } catch let error as ServiceError where error != .tooSlow {
            throw error
        } catch {
            // The connection ended.
            isCut = true
            if error as? ServiceError == .tooSlow { cause = error }
        }
        try await write()
        if let announced = request.headers[.contentLength].flatMap({ Int($0) }), position - start < announced {
            isCut = true
        }
        if let checksum {
            guard !isCut else { throw cause }
            guard checksum.matches else { throw Self.mismatch }
        }
        try await save()
        if isCut { throw cause }
        return upload
    }

    private mutating func write() async throws {
        let (file, bytes, place) = (file, buffer, position)
        let failure = await desk.jobs.threads.runUncancelled { () -> Errno? in
            do throws(Errno) {
                try file.write(bytes, at: place)
                return nil
            } catch { return error }
        }
        if let failure { throw Self.failed(failure) }
        checksum?.update(bytes)
        position += bytes.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// Makes what is written durable, and keeps the offset.
    private mutating func save() async throws {
        let file = file
        let failure = await desk.jobs.threads.runUncancelled { () -> Errno? in
            do throws(Errno) {
                try file.synchronize()
                return nil
            } catch { return error }
        }
        if let failure { throw Self.failed(failure) }
        upload.offset = position
        try await desk.save(upload)
    }

    private static let mismatch = ServiceError(
        HTTPResponse.Status(code: 460, reasonPhrase: "Checksum Mismatch"), "checksum_mismatch",
        "the bytes are not those of the checksum; send them again from the same offset")

    private static func failed(_ error: any Error) -> ServiceError {
        ServiceError(
            HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "io_failed",
            "the upload cannot be written: \(error); try again later")
    }

    private var tooLong: ServiceError {
        var error = ServiceError(
            .contentTooLarge, "upload_too_long",
            upload.length == nil
                ? "the upload goes beyond the \(ByteCount(end)) that this server takes; send a smaller file, or raise "
                    + "--max-upload"
                : "the body goes beyond the \(end) bytes that were announced; begin another upload")
        error.closesConnection = true
        return error
    }
}
