# SPDX-License-Identifier: Apache-2.0
"""HTTP: the API, its description, and the public pages."""

from comity.app.application import create_app
from comity.app.server import serve

__all__ = ["create_app", "serve"]
