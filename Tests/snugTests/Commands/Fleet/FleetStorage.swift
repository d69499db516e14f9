// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugSystem
import SnugTestSupport
import SystemPackage

/// The storage of a fleet under test: a bucket of a server that others wrote, behind a gateway that can be at fault, or a
/// folder that can be away.
final class FleetStorage: Sendable {
    private enum Place: Sendable {
        case bucket(RealServer, StorageGateway)
        case folder(shared: FilePath, away: FilePath)
    }

    private let place: Place

    /// - Parameter usesFolder: False for a bucket, where the server for it can be had.
    init(in folder: TemporaryFolder, usesFolder: Bool) async throws {
        guard !usesFolder, let server = try await Self.server() else {
            try folder.write([], to: "shared/.keep")
            place = .folder(shared: folder.path.appending("shared"), away: folder.path.appending("away"))
            return
        }
        let gateway = try StorageGateway(to: server.port)
        try await onThread { try gateway.makeBucket("bkt") }
        place = .bucket(server, gateway)
    }

    /// `nil` where it cannot be had, which is told by who looks for it.
    private static func server() async throws -> RealServer? {
        do {
            let server = try await RealServer("moto")
            try await server.waitUntilListening()
            return server
        } catch is RealServer.Unavailable {
            return nil
        }
    }

    private var address: String {
        switch place {
        case .bucket(_, let gateway): "s3://bkt/fleet?endpoint=\(gateway.endpoint)"
        case .folder(let shared, _): "file://\(shared)"
        }
    }

    /// The settings of the hosts.
    var settings: String {
        "storage: \(address)\nstorage_key_id_env: FLEET_KEY_ID\nstorage_key_file: storage-key\n"
    }

    /// Faults that it can have, the ones of each campaign first.
    var faults: [StorageGateway.Fault] {
        switch place {
        case .bucket: [.overloaded, .cutting, .away]
        case .folder: [.away]
        }
    }

    /// Has a fault for some time: until it has fallen on somebody, where that can be told.
    func fail(_ fault: StorageGateway.Fault, for duration: Duration) async throws {
        switch place {
        case .bucket(_, let gateway):
            let before = gateway.count(of: fault)
            gateway.set(fault)
            try await Task.sleep(for: duration)
            for _ in 0..<100 where gateway.count(of: fault) == before { try await Task.sleep(for: .milliseconds(100)) }
            gateway.set(.none)
        case .folder(let shared, let away):
            try FileSystem.rename(shared, away)
            try await Task.sleep(for: duration)
            // What somebody was about to write when it went.
            try? FileManager.default.removeItem(atPath: shared.string)
            try FileSystem.rename(away, shared)
        }
    }

    /// Requests that each fault fell on; `nil` for a folder.
    var counts: [StorageGateway.Fault: Int]? {
        guard case .bucket(_, let gateway) = place else { return nil }
        return Dictionary(uniqueKeysWithValues: faults.map { ($0, gateway.count(of: $0)) })
    }
}
