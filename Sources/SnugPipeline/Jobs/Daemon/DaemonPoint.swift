// SPDX-License-Identifier: Apache-2.0

/// The moments between two durable changes, at which tests end the process.
package enum DaemonPoint: String, Sendable, Hashable, CaseIterable {
    // Taking a file.
    case taken, hashed, enqueued
    // A step of a job.
    case claimed, begun, intended, submitting, accepted, worked, published, recorded
    // The end of a job.
    case disposed
}
