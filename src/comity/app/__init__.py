# SPDX-License-Identifier: Apache-2.0
"""HTTP: the API, its OpenAPI document, and the public pages."""
