"""The likelihood along one or two parameters: profiles, contours, curvature."""
