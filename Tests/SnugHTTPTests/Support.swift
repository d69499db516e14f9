// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import SystemPackage

@testable import SnugHTTP

/// A file of its own folder that goes away with the last reference.
final class ScratchFile: Sendable {
    let path: FilePath
    private let folder: URL

    init(_ content: [UInt8]? = nil) throws {
        folder = FileManager.default.temporaryDirectory.appending(component: "snug-http-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(component: "file")
        if let content { try Data(content).write(to: file) }
        path = FilePath(file.path())
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Opens the file for sending; it stays readable after the scratch file is gone.
    func open() throws -> BodyFile { try BodyFile(path) }

    func content() throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path.string))) }
}

/// A one-time signal from a server's thread to a test.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func set() {
        let waiters = state.withLock { state in
            state.isSet = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isSet = state.withLock { state in
                if !state.isSet { state.waiters.append(continuation) }
                return state.isSet
            }
            if isSet { continuation.resume() }
        }
    }
}

/// Descriptors that this process has open, but for the timers that the runtime makes as it needs them.
func openDescriptors() -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
    return names.count { name in
        let kind = try? FileManager.default.destinationOfSymbolicLink(atPath: "/dev/fd/\(name)")
        return kind?.contains("timerfd") != true
    }
}
