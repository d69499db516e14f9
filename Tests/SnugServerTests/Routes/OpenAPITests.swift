// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import OrderedCollections
import SnugImage
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing
import Yams

@testable import SnugServer

/// The description of the API says what the server does.
@Suite struct OpenAPITests {
    private static func document(_ server: TestServer) async throws -> Node {
        let response = try await server.send("/openapi.yaml")
        #expect(response["content-type"] == "application/yaml; charset=utf-8")
        return try #require(try Yams.compose(yaml: response.text))
    }

    private static func keys(_ node: Node?) -> [String] { node?.mapping?.keys.compactMap(\.string) ?? [] }

    @Test("It has every address and method that is served, and no other")
    func routes() async throws {
        let bench = try await JobBench()
        let services = ServerServices(
            ServerConfiguration(), fitter: ImageFitter(), registry: PrometheusRegistry(), ledger: nil,
            jobs: ServerJobs(bench.daemon, ledger: bench.ledger), folder: nil)
        let served = Set(services.routes.map { "\($0.method.rawValue) \($0.path)" })
        try await withServer { server in
            let paths = try await Self.document(server)["paths"]
            let described = Self.keys(paths).flatMap { path in
                Self.keys(paths?[path]).filter { $0 != "parameters" }.map { "\($0.uppercased()) \(path)" }
            }
            #expect(Set(described) == served)
        }
    }

    @Test("It has every parameter of a fit with the words that it takes, in each place that takes them")
    func parameters() async throws {
        try await withServer { server in
            let document = try await Self.document(server)
            let parameters = document["components"]?["parameters"]
            #expect(Set(Self.keys(parameters)) == Set(FitParameter.names))
            for parameter in FitParameter.all {
                let schema = parameters?[parameter.name]?["schema"]
                #expect(parameters?[parameter.name]?["name"]?.string == parameter.name)
                #expect(
                    (schema?["$ref"]?.string == "#/components/schemas/Flag") == parameter.isFlag, "\(parameter.name)")
                if parameter.name != "for" {
                    let words = schema?["enum"]?.sequence?.compactMap(\.string) ?? []
                    #expect(Set(words) == Set(parameter.choices), "\(parameter.name)")
                }
            }
            for path in ["/v1/fit", "/v1/inspect", "/shrink"] {
                let listed = document["paths"]?[path]?["post"]?["parameters"]?.sequence?.compactMap {
                    $0["$ref"]?.string
                }
                #expect(Set(listed ?? []) == Set(FitParameter.names.map { "#/components/parameters/\($0)" }))
            }
            for word in document["components"]?["schemas"]?["Flag"]?["enum"]?.sequence?.compactMap(\.string) ?? [] {
                _ = try ParameterText.flag(word)
            }
        }
    }

    @Test("Every reference leads somewhere, and every operation has a name of its own")
    func references() async throws {
        try await withServer { server in
            let document = try await Self.document(server)
            let text = try await server.send("/openapi.yaml").text
            for match in text.matches(of: /"#\/components\/([a-z]+)\/([A-Za-z0-9-]+)"/.ignoresCase()) {
                #expect(
                    document["components"]?[String(match.output.1)]?[String(match.output.2)] != nil, "\(match.output.0)"
                )
            }
            let names = text.matches(of: /operationId: ([a-z]+)/).map { String($0.output.1) }
            #expect(Set(names).count == names.count)
        }
    }

    @Test("A report has the keys that it requires, and an error those of its shape")
    func shapes() async throws {
        try await withServer { server in
            let schemas = try await Self.document(server)["components"]?["schemas"]
            let report = try await server.fit(TestImage.small, "", [("Accept", "application/json")])
            for key in schemas?["Report"]?["required"]?.sequence?.compactMap(\.string) ?? ["none"] {
                #expect(report.json[key] != nil, "\(key)")
            }
            let error = try await server.fit([1])
            #expect(
                Set(schemas?["Error"]?["required"]?.sequence?.compactMap(\.string) ?? [])
                    == Set(error.json.members.keys))
            let responses = try await Self.document(server)["paths"]?["/v1/fit"]?["post"]?["responses"]?.mapping
            // A subscript would look for a number.
            let fields = responses?.first { $0.key.string == "200" }?.value["headers"]
            for key in ReportFields.keys { #expect(fields?[ReportFields.name(of: key)] != nil, "\(key)") }
        }
    }
}
