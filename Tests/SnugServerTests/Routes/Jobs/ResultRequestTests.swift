// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugServer

/// Requests for results as caches and download managers send them.
@Suite struct ResultRequestTests {
    /// A server with a job whose result is the image that was sent.
    private func withResult(
        _ image: [UInt8] = TestImage.small,
        _ body: @escaping @Sendable (TestServer, String, JobBench) async throws -> Void
    ) async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            let made = try await server.send("POST", "/v1/jobs?copy-compliant", body: image)
            let id = try #require(made.jobIDs.first)
            _ = try await server.job(id)
            try await body(server, "/v1/jobs/\(id)/result", bench)
        }
    }

    @Test("A whole result tells how to ask for less, and a part of it is 206 with its place")
    func parts() async throws {
        // More than is read and written at once.
        let image = TestImage.noise(width: 400, height: 300)
        try await withResult(image) { server, path, _ in
            let whole = try await server.send(path)
            #expect(whole.status == 200)
            #expect(whole.body == image)
            #expect(whole["accept-ranges"] == "bytes")
            #expect(whole["cache-control"] == "private, no-cache")
            let count = image.count
            for (text, range) in [
                ("0-0", 0..<1), ("10-19", 10..<20), ("-7", (count - 7)..<count), ("\(count - 1)-", (count - 1)..<count),
                ("262100-262200", 262_100..<262_201), ("5-99999999", 5..<count), ("0-", 0..<count),
            ] {
                let part = try await server.send(path, [("Range", "bytes=\(text)")])
                #expect(part.status == 206, "\(text)")
                #expect(part.body == Array(image[range]), "\(text)")
                #expect(part["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)")
                #expect(part["content-length"] == "\(range.count)")
                for name in ["etag", "last-modified", "content-type", "snug-results", "content-disposition"] {
                    #expect(part[name] == whole[name], "\(name)")
                    #expect(part[name] != nil, "\(name)")
                }
            }
            // A download that broke off is joined to its rest, and only to the rest of the same file.
            let tag = try #require(whole["etag"])
            let rest = try await server.send(path, [("Range", "bytes=1000-"), ("If-Range", tag)])
            #expect(Array(image[..<1000]) + rest.body == image)
            let other = try await server.send(path, [("Range", "bytes=1000-"), ("If-Range", "\"other\"")])
            #expect(other.status == 200)
            #expect(other.body == image)
        }
    }

    @Test("A range beyond the end is 416 with the length; ranges that are not understood are as if they were not there")
    func otherRanges() async throws {
        try await withResult { server, path, _ in
            let count = TestImage.small.count
            for text in ["bytes=\(count)-", "bytes=-0", "bytes=99999999999999999999-"] {
                let beyond = try await server.send(path, [("Range", text)])
                #expect(beyond.status == 416, "\(text)")
                #expect(beyond.code == "range_not_satisfiable")
                #expect(beyond["content-range"] == "bytes */\(count)")
                #expect(beyond.json["details"]?["bytes"]?.amount == Double(count))
                #expect(beyond["etag"] == nil, "the error is not the result")
            }
            for text in ["bytes=0-1,5-6", "bytes=5-1", "lines=1-2", "bytes", ""] {
                let whole = try await server.send(path, [("Range", text)])
                #expect(whole.status == 200, "\(text)")
                #expect(whole.body == TestImage.small, "\(text)")
            }
        }
    }

    @Test("A client that has the result is told so by 304 without a body, and the next response is where it belongs")
    func unchanged() async throws {
        try await withResult { server, path, _ in
            let whole = try await server.send(path)
            let (tag, date) = (try #require(whole["etag"]), try #require(whole["last-modified"]))
            for fields in [
                [("If-None-Match", tag)], [("If-None-Match", "\"a\", W/\(tag)")], [("If-None-Match", "*")],
                [("If-Modified-Since", date)], [("If-None-Match", tag), ("Range", "bytes=0-1")],
                [("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT")],
            ] {
                let (first, second) = try await onThread {
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head("GET", path, fields) + server.head("GET", "/livez"))
                    return (try connection.readResponse(), try connection.readResponse())
                }
                #expect(first.status == 304, "\(fields)")
                #expect(first["etag"] == tag)
                #expect(first["last-modified"] == date)
                #expect(first["cache-control"] == "private, no-cache")
                // RFC 9110 §8.6: the length of what would have been sent, or none.
                #expect([nil, "\(whole.body.count)"].contains(first["content-length"]))
                #expect(second.text == "ok\n")
            }
            for fields in [
                [("If-None-Match", "\"other\"")], [("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
                [("If-Modified-Since", "once upon a time")], [("If-Match", tag)], [("If-Unmodified-Since", date)],
            ] {
                #expect(try await server.send(path, fields).body == TestImage.small, "\(fields)")
            }
            for fields in [
                [("If-Match", "\"other\"")], [("If-Match", "W/\(tag)")],
                [("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
            ] {
                let failed = try await server.send(path, fields)
                #expect(failed.status == 412, "\(fields)")
                #expect(failed.code == "precondition_failed")
                #expect(failed.json["details"]?["etag"]?.text == tag)
            }
        }
    }

    @Test("HEAD tells of the result what GET tells, without it, whatever range is asked for")
    func head() async throws {
        try await withResult { server, path, _ in
            let whole = try await server.send(path)
            for fields in [[], [("Range", "bytes=0-1")], [("Range", "bytes=999999-")], [("If-None-Match", "\"a\"")]] {
                let (head, next) = try await onThread {
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head("HEAD", path, fields) + server.head("GET", "/livez"))
                    return (try connection.readResponse(hasBody: false), try connection.readResponse())
                }
                #expect(head.status == 200, "\(fields)")
                for name in [
                    "content-length", "content-type", "etag", "last-modified", "accept-ranges", "content-disposition",
                ] {
                    #expect(head[name] == whole[name], "\(name)")
                }
                #expect(next.text == "ok\n")
            }
            #expect(try await server.send("HEAD", path, [("If-None-Match", "*")]).status == 304)
            #expect(try await server.send("HEAD", path, [("If-Match", "\"a\"")]).status == 412)
            #expect(try await server.send("HEAD", path + "?number=2").status == 404)
        }
    }

    @Test("A result that is another file by now has another tag, and nobody is told that his is still the same")
    func replaced() async throws {
        try await withResult { server, path, bench in
            let tag = try #require(try await server.send(path)["etag"])
            let name = try #require(bench.folder.files().first { $0.hasPrefix("state/submissions/results/") })
            let file = bench.folder.path.appending(FilePath(name).components)
            try FileSystem.remove(file)
            let other = TestImage.noise(width: 5, height: 5)
            try FilePublisher.replace(file, with: other)
            let now = try await server.send(path, [("If-None-Match", tag)])
            #expect(now.status == 200)
            #expect(now.body == other)
            #expect(now["etag"] != tag)
            #expect(try await server.send(path, [("If-Match", tag)]).status == 412)
            let rest = try await server.send(path, [("Range", "bytes=3-"), ("If-Range", tag)])
            #expect(rest.status == 200)
            #expect(rest.body == other)
        }
    }
}
