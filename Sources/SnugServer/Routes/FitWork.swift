// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import SnugImage
import SnugPipeline
import SnugSystem
import SystemPackage

/// Fits one image for a request: admission, cancellation, time limit and report.
struct FitWork: Sendable {
    let fitter: ImageFitter
    let queue: AdmissionQueue
    let metrics: ServerMetrics
    let timeout: Duration

    /// A fitted image with its report.
    struct Result: Sendable {
        var bytes: [UInt8]
        var image: FittedImage
        var name: OutputFileName
        var record: FitRecord
        /// The report as JSON.
        var json: JSONValue { record.json }
    }

    /// Refuses a request whose body is still to come where there is no place for it.
    /// - Throws: `overloaded`.
    func checkRoom(_ context: ServerContext) throws(ServiceError) {
        do throws(ServiceError) { try queue.checkRoom() } catch {
            context.record.set(\.queue, .zero)
            throw error
        }
    }

    /// Fits an image once there is a worker for it. Cancelled when the client goes.
    /// - Throws: `ServiceError`, `ImageError`, `CancellationError`.
    func fit(
        _ source: ImageSource, named fileName: String?, order: FitOrder, context: ServerContext
    ) async throws -> Result {
        let watch = try await ConnectionGuard.watch(of: context.channel)
        let start = ContinuousClock.now
        // Requests that get no worker have waited too.
        defer { if context.record.phases.queue == nil { context.record.set(\.queue, ContinuousClock.now - start) } }
        let image = try await watch.whileConnected {
            try await queue.withWorker { waited in
                let memory = MemoryWait()
                let begun = ContinuousClock.now
                defer {
                    context.record.set(\.queue, waited + memory.duration)
                    context.record.set(\.processing, ContinuousClock.now - begun - memory.duration)
                }
                return try await MemoryWait.$current.withValue(memory) {
                    try await withinTimeout {
                        try await fitter.fit(source, limits: order.acceptedLimits, policy: order.policy)
                    }
                }
            }
        }
        var result = try Self.result(image, source, fileName, order)
        result.record.seconds = (ContinuousClock.now - start) / .seconds(1)
        metrics.record(input: source.byteCount, output: result.bytes.count)
        return result
    }

    private func withinTimeout(
        _ work: @escaping @Sendable () async throws -> FittedImage
    ) async throws -> FittedImage {
        let timeout = timeout
        return try await withThrowingTaskGroup(of: FittedImage.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await BriefSleep.sleep(for: timeout)
                var error = ServiceError(
                    .serviceUnavailable, "fit_timeout",
                    "the image took longer than \(DurationText.exact(timeout)); send a smaller one, or try again when this "
                        + "server has less to do")
                error.retryAfter = .seconds(30)
                throw error
            }
            defer { group.cancelAll() }
            guard let image = try await group.next() else { throw CancellationError() }
            return image
        }
    }

    private static func result(
        _ image: FittedImage, _ source: ImageSource, _ fileName: String?, _ order: FitOrder
    ) throws -> Result {
        let bytes =
            switch image.content {
            case .bytes(let bytes): bytes
            case .source: try source.bytes(at: 0, count: source.byteCount)
            }
        let limit = order.acceptedLimits.resolved(inputBytes: source.byteCount).fileByteLimit
        // The promise of the service, whatever the engine does.
        guard bytes.count <= limit else {
            throw ServiceError(
                .unprocessableContent, "cannot_fit",
                "the smallest result has \(bytes.count) bytes, and \(limit) are allowed",
                details: ["smallest_bytes": .integer(bytes.count), "limit_bytes": .integer(limit)])
        }
        let name = OutputFileName(fileName)
        var record = FitRecord(
            input: FilePath(name.stem), status: .failed, limitBytes: limit, inputBytes: source.byteCount)
        record.fill(image)
        record.output = FilePath(name.name(as: image.format))
        return Result(bytes: bytes, image: image, name: name, record: record)
    }
}
