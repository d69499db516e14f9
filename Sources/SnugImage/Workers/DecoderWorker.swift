// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import Synchronization
public import SystemPackage

/// The program that decodes untrusted images in processes of its own.
///
/// HEIF, AVIF, TIFF and JPEG XL are only ever decoded by such workers: each locks itself into a sandbox without files,
/// network and new processes before it sees the first byte. A program that fits those formats serves as its own worker by
/// one call at the start of its `main`, before there are other threads:
///
/// ```swift
/// DecoderWorker.serveIfRequested()
/// ```
public struct DecoderWorker: Sendable, Hashable {
    /// The argument that asks a program to serve.
    public static let argument = "snug-decoder-worker"

    /// The program's file.
    public var executable: FilePath
    /// Its arguments, its own name aside.
    public var arguments: [String]

    /// Names another program: one whose `main` calls ``serveIfRequested()``.
    public init(executable: FilePath, arguments: [String] = [DecoderWorker.argument]) {
        self.executable = executable
        self.arguments = arguments
    }

    private static let thisProgram = DecoderWorker(executable: "/proc/self/exe")

    /// A fact about this program, set by its `main` and never taken back.
    private static let serves = Atomic<Bool>(false)

    /// This program, once its `main` has called ``serveIfRequested()``; the default of
    /// ``ImageFitter/Configuration/decoderWorker``.
    public static var ofThisProgram: DecoderWorker? { serves.load(ordering: .relaxed) ? .thisProgram : nil }

    /// Serves as a worker, and ends the process, when it was started as one. Returns at once otherwise.
    public static func serveIfRequested() {
        serves.store(true, ordering: .relaxed)
        guard CommandLine.arguments.count == 2, CommandLine.arguments[1] == argument else { return }
        exit(serve(on: 3))
    }

    /// Decodes what is asked for on a socket, until the other end is closed.
    static func serve(on socket: Int32) -> Int32 {
        let codecs = WorkerCodec.all
        return unsafe codecs.withUnsafeBufferPointer { codecs in
            guard let first = codecs.baseAddress else { return 0 }
            return unsafe snug_worker_serve(socket, first, codecs.count)
        }
    }
}
